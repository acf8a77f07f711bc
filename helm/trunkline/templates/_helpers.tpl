{{- define "trunkline.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for the suffixes of the other names. */}}
{{- define "trunkline.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 45 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels that select pods: (list context component). They never change. */}}
{{- define "trunkline.selectorLabels" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ include "trunkline.name" $ }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of pods: (list context component). */}}
{{- define "trunkline.podLabels" -}}
{{- $ := index . 0 -}}
{{ include "trunkline.selectorLabels" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
{{- with $.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of resources: (list context component). */}}
{{- define "trunkline.labels" -}}
{{- $ := index . 0 -}}
{{ include "trunkline.podLabels" . }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "trunkline.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "trunkline.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of an image: (list values defaultTag). */}}
{{- define "trunkline.imageOf" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default (index . 1) $image.tag }}
{{- end }}
{{- end }}

{{- define "trunkline.image" -}}
{{- $_ := required "image.repository is missing: give it the repository that you pushed the image to, registry.example.com/trunkline" .Values.image.repository }}
{{- include "trunkline.imageOf" (list .Values.image .Chart.AppVersion) }}
{{- end }}

{{/*
Spec of the CloudNativePG cluster: that of the values, with extraSpec merged into it. Lists of extraSpec replace, but for
managed.roles, which keeps the role of the service. Another way to bootstrap replaces initdb.
*/}}
{{- define "trunkline.clusterSpec" -}}
{{- with .Values.cloudNativePG }}
{{- $extra := deepCopy .extraSpec }}
{{- $role := dict "name" .appRole "ensure" "present" "login" true "passwordSecret" (dict "name" (include "trunkline.appSecret" $)) }}
{{- $roles := dig "managed" "roles" list $extra }}
{{- $named := list }}
{{- range $roles }}
{{- $named = append $named .name }}
{{- end }}
{{- if not (has .appRole $named) }}
{{- $roles = prepend $roles $role }}
{{- end }}
{{- $initdb := dict "database" .database "owner" .owner }}
{{- $bootstrap := dig "bootstrap" dict $extra }}
{{- $spec := dict
      "instances" (int .instances)
      "storage" (dict "size" .storage.size)
      "bootstrap" (ternary (dict "initdb" $initdb) dict (or (empty $bootstrap) (hasKey $bootstrap "initdb")))
      "managed" dict }}
{{- with .imageName }}
{{- $_ := set $spec "imageName" . }}
{{- end }}
{{- with .storage.storageClass }}
{{- $_ := set $spec.storage "storageClass" . }}
{{- end }}
{{- with .resources }}
{{- $_ := set $spec "resources" (deepCopy .) }}
{{- end }}
{{- range $part := list "parameters" "synchronous" }}
{{- with get $.Values.cloudNativePG $part }}
{{- $_ := set $spec "postgresql" (set (get $spec "postgresql" | default dict) $part (deepCopy .)) }}
{{- end }}
{{- end }}
{{- $spec = mergeOverwrite $spec $extra }}
{{- $_ := set $spec.managed "roles" $roles }}
{{- toYaml $spec }}
{{- end }}
{{- end }}

{{- define "trunkline.clusterName" -}}
{{- default (printf "%s-postgresql" (include "trunkline.fullname" .)) .Values.cloudNativePG.name }}
{{- end }}

{{- define "trunkline.databaseUrl" -}}
{{- if .Values.cloudNativePG.enabled -}}
jdbc:postgresql://{{ include "trunkline.clusterName" . }}-rw:5432/{{ .Values.cloudNativePG.database }}?sslmode=verify-full&sslrootcert=/etc/trunkline/postgresql/ca.crt
{{- else -}}
{{ required "database.url is missing: give it the JDBC URL of your PostgreSQL, jdbc:postgresql://host:5432/name, or set cloudNativePG.enabled" .Values.database.url }}
{{- end }}
{{- end }}

{{/* Ports in the database URL, as a JSON array: 5432 for each host without one. */}}
{{- define "trunkline.databasePorts" -}}
{{- $ports := list }}
{{- range regexReplaceAll "^jdbc:postgresql://([^/?]*).*$" (include "trunkline.databaseUrl" .) "${1}" | splitList "," }}
{{- $ports = append $ports (regexFind ":[0-9]+$" . | trimPrefix ":" | default "5432" | int) }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}

{{/* Whether the provider of access.oidc is the Kubernetes API, by its address inside the cluster: true or empty. */}}
{{- define "trunkline.kubernetesIsProvider" -}}
{{- with .Values.access.oidc }}
{{- if regexMatch "^https://kubernetes([.]default([.]svc([.][^/:]*)?)?)?(:[0-9]+)?(/|$)" (default .issuer .serverUrl) }}true{{ end }}
{{- end }}
{{- end }}

{{/* Port of the provider of access.oidc. Empty without one, and with its keys in a file. */}}
{{- define "trunkline.providerPort" -}}
{{- if and .Values.access.oidc.issuer (not (get .Values.config "trunkline.access.oidc.jwks-file")) }}
{{- with default .Values.access.oidc.issuer .Values.access.oidc.serverUrl }}
{{- regexFind "^[^:]+://[^/?#]+" . | regexFind ":[0-9]+$" | trimPrefix ":" | default (hasPrefix "http:" . | ternary "80" "443") }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where pods may connect to: names, PostgreSQL, the provider of access.oidc, and what the values add. */}}
{{- define "trunkline.egress" -}}
- ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
- ports:
    {{- range include "trunkline.databasePorts" . | fromJsonArray }}
    - protocol: TCP
      port: {{ . }}
    {{- end }}
  {{- with .Values.networkPolicy.database.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- if .Values.tracing.enabled }}
- ports:
    - protocol: TCP
      port: {{ regexFind ":[0-9]+(/|$)" .Values.tracing.endpoint | regexFind "[0-9]+" | default "4317" }}
{{- end }}
{{- with include "trunkline.providerPort" . }}
{{- $kubernetes := include "trunkline.kubernetesIsProvider" $ }}
- ports:
    - protocol: TCP
      port: {{ . }}
    {{- if and $kubernetes (ne . "6443") }}
    # The port of the Kubernetes API behind its service, which many network plugins see.
    - protocol: TCP
      port: 6443
    {{- end }}
  {{- if and $kubernetes $.Values.networkPolicy.kubernetesApi.to }}
  to:
    {{- toYaml $.Values.networkPolicy.kubernetesApi.to | nindent 4 }}
  {{- end }}
{{- end }}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "trunkline.appSecret" -}}
{{- required "database.existingSecret is missing: give it the name of a secret with the credentials of the role that the service runs as" .Values.database.existingSecret }}
{{- end }}

{{- define "trunkline.ownerSecret" -}}
{{- if .Values.migration.existingSecret }}
{{- .Values.migration.existingSecret }}
{{- else if .Values.cloudNativePG.enabled }}
{{- include "trunkline.clusterName" . }}-app
{{- else }}
{{- required "migration.existingSecret is missing: give it the name of a secret with the credentials of the role that owns the schema, or turn migration.enabled off" .Values.migration.existingSecret }}
{{- end }}
{{- end }}

{{/* Secret with the certificate authority of PostgreSQL; empty if none is mounted. */}}
{{- define "trunkline.sslSecret" -}}
{{- if .Values.database.sslRootCert.existingSecret }}
{{- .Values.database.sslRootCert.existingSecret }}
{{- else if .Values.cloudNativePG.enabled }}
{{- include "trunkline.clusterName" . }}-ca
{{- end }}
{{- end }}

{{/* Whether an autoscaler sets the replicas, of this chart or another: true or empty. */}}
{{- define "trunkline.autoscaled" -}}
{{- if or .Values.autoscaling.enabled (kindIs "invalid" .Values.replicaCount) }}true{{ end }}
{{- end }}

{{- define "trunkline.maxReplicas" -}}
{{- if include "trunkline.autoscaled" . }}{{ .Values.autoscaling.maxReplicas | int }}{{ else }}{{ .Values.replicaCount | int }}{{ end }}
{{- end }}

{{- define "trunkline.minReplicas" -}}
{{- if include "trunkline.autoscaled" . }}{{ .Values.autoscaling.minReplicas | int }}{{ else }}{{ .Values.replicaCount | int }}{{ end }}
{{- end }}

{{/*
Replicas of the Deployment. Where an autoscaler sets them, as many as there are: a field that an upgrade takes out of the
manifest falls back to 1. Empty if there are none yet, or Helm has no cluster to look at.
*/}}
{{- define "trunkline.replicas" -}}
{{- if include "trunkline.autoscaled" . }}
{{- dig "spec" "replicas" "" (lookup "apps/v1" "Deployment" .Release.Namespace (include "trunkline.fullname" .)) }}
{{- else }}
{{- .Values.replicaCount | int }}
{{- end }}
{{- end }}

{{/* Connections of all replicas, and of one more during a rolling update. */}}
{{- define "trunkline.connections" -}}
{{- mul (add1 (include "trunkline.maxReplicas" .)) (int .Values.database.maxConnections) }}
{{- end }}

{{- define "trunkline.gracePeriod" -}}
{{- add (int .Values.shutdown.delaySeconds) (int .Values.shutdown.timeoutSeconds) 20 }}
{{- end }}

{{/* A configuration key as an environment variable. */}}
{{- define "trunkline.envName" -}}
{{- regexReplaceAll "[^A-Za-z0-9]" . "_" | upper }}
{{- end }}

{{/* A scalar as text; whole numbers without an exponent. */}}
{{- define "trunkline.scalar" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Configuration of the service, as environment variables. */}}
{{- define "trunkline.configData" -}}
TRUNKLINE_DATABASE_URL: {{ include "trunkline.databaseUrl" . | quote }}
TRUNKLINE_DATABASE_SCHEMA: {{ .Values.database.schema | quote }}
TRUNKLINE_DATABASE_MAX_CONNECTIONS: {{ include "trunkline.scalar" .Values.database.maxConnections | quote }}
QUARKUS_HTTP_HOST: "0.0.0.0"
QUARKUS_MANAGEMENT_HOST: "0.0.0.0"
TRUNKLINE_ACCESS_MODE: {{ .Values.access.mode | quote }}
{{- if eq .Values.access.metrics "credentials" }}
TRUNKLINE_ACCESS_METRICS: credentials
{{- end }}
{{- with .Values.access.oidc }}
{{- if .issuer }}
TRUNKLINE_ACCESS_OIDC_ISSUER: {{ .issuer | quote }}
TRUNKLINE_ACCESS_OIDC_AUDIENCE: {{ .audience | quote }}
{{- with .serverUrl }}
TRUNKLINE_ACCESS_OIDC_SERVER_URL: {{ . | quote }}
{{- end }}
TRUNKLINE_ACCESS_OIDC_PRINCIPAL_CLAIM: {{ .principalClaim | quote }}
{{- with .rolesClaims }}
TRUNKLINE_ACCESS_OIDC_ROLES_CLAIMS: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- end }}
TRUNKLINE_SHUTDOWN_DELAY: {{ printf "%ss" (include "trunkline.scalar" .Values.shutdown.delaySeconds) | quote }}
TRUNKLINE_SHUTDOWN_TIMEOUT: {{ printf "%ss" (include "trunkline.scalar" .Values.shutdown.timeoutSeconds) | quote }}
{{- if .Values.tracing.enabled }}
QUARKUS_OTEL_SDK_DISABLED: "false"
QUARKUS_OTEL_EXPORTER_OTLP_ENDPOINT: {{ required "tracing.endpoint is missing: give it the OTLP gRPC endpoint of your collector, http://host:4317" .Values.tracing.endpoint | quote }}
QUARKUS_OTEL_TRACES_SAMPLER: parentbased_traceidratio
QUARKUS_OTEL_TRACES_SAMPLER_ARG: {{ include "trunkline.scalar" .Values.tracing.sampleRatio | quote }}
{{- end }}
{{- range $key, $value := .Values.config }}
{{ include "trunkline.envName" $key }}: {{ include "trunkline.scalar" $value | quote }}
{{- end }}
{{- end }}

{{/* A fifth of the memory limit for direct memory, at least 64 MiB, as an option of the JVM: (list resources). Empty without a limit. */}}
{{- define "trunkline.directMemory" -}}
{{- with dig "limits" "memory" "" (index . 0 | default dict) }}
{{- $quantity := include "trunkline.scalar" . }}
{{- $units := dict "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- $unit := get $units (regexFind "[A-Za-z]+$" $quantity) | default 1 }}
{{- $bytes := mulf (regexFind "^[0-9.]+" $quantity | float64) $unit }}
{{- printf "-XX:MaxDirectMemorySize=%dm" (max 64 (divf $bytes 5242880 | floor | int64)) }}
{{- end }}
{{- end }}

{{/* Options of the JVM for a container: (list context resources). The image's defaults come before them, in /app/jvm.flags. */}}
{{- define "trunkline.jvmOptions" -}}
{{- $options := concat (list (include "trunkline.directMemory" (list (index . 1)))) (index . 0).Values.jvmOptions | compact }}
{{- if $options }}
- name: JDK_JAVA_OPTIONS
  value: {{ join " " $options | quote }}
{{- end }}
{{- end }}

{{/* Credentials of the application role, as environment variables. */}}
{{- define "trunkline.appCredentials" -}}
- name: TRUNKLINE_DATABASE_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ include "trunkline.appSecret" . }}
      key: {{ .Values.database.usernameKey }}
- name: TRUNKLINE_DATABASE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "trunkline.appSecret" . }}
      key: {{ .Values.database.passwordKey }}
{{- end }}

{{/* What pods of the service and of the migration mount. */}}
{{- define "trunkline.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if include "trunkline.sslSecret" . }}
- name: postgresql-ca
  mountPath: /etc/trunkline/postgresql
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "trunkline.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- with include "trunkline.sslSecret" . }}
- name: postgresql-ca
  secret:
    secretName: {{ . }}
    items:
      - key: {{ $.Values.database.sslRootCert.key }}
        path: ca.crt
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Fields that all pods have. The service refuses unknown variables that begin with TRUNKLINE_, hence no service links. */}}
{{- define "trunkline.podSpec" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Whether the migration Job is a hook that runs before the release: true or empty. A cluster of the release's own is part of it. */}}
{{- define "trunkline.migratesBefore" -}}
{{- if not .Values.cloudNativePG.enabled }}true{{ end }}
{{- end }}

{{/* Annotations of what the migration Job needs before the release exists. Helm deletes it when the Job has succeeded. */}}
{{- define "trunkline.migrationHook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: "-10"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{- define "trunkline.migrationServiceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- include "trunkline.fullname" . }}-migration
{{- else }}
{{- include "trunkline.serviceAccountName" . }}
{{- end }}
{{- end }}

{{/* Secret with the first token of an administrator. */}}
{{- define "trunkline.adminTokenSecret" -}}
{{- default (printf "%s-admin-token" (include "trunkline.fullname" .)) .Values.access.adminToken.secretName }}
{{- end }}

{{/* Whether the migration Job creates that Secret, for which it has a service account of its own: true or empty. */}}
{{- define "trunkline.createsAdminToken" -}}
{{- with .Values }}
{{- if and (eq .access.mode "required") .access.adminToken.create .migration.enabled .serviceAccount.create }}true{{ end }}
{{- end }}
{{- end }}

{{/* Whether access.principals has an administrator, beside whom the Job creates no token: true or empty. */}}
{{- define "trunkline.hasAdministrator" -}}
{{- range .Values.access.principals }}{{ if has "admin" (kindIs "string" .roles | ternary (list .roles) .roles) }}true{{ end }}{{ end }}
{{- end }}

{{/* Whether the test can run, which needs a Secret with a token where clients need credentials: true or empty. */}}
{{- define "trunkline.tests" -}}
{{- if .Values.tests.enabled }}
{{- if or (ne .Values.access.mode "required") .Values.tests.tokenSecret.name }}true
{{- else if and (include "trunkline.createsAdminToken" .) (not (include "trunkline.hasAdministrator" .)) }}true
{{- end }}
{{- end }}
{{- end }}

{{/* Roles and rules, as trunkline.access.file has them. */}}
{{- define "trunkline.accessFile" -}}
principals:
  {{- toYaml .Values.access.principals | nindent 2 }}
rules:
  {{- toYaml .Values.access.rules | nindent 2 }}
{{- end }}

{{/* Checks that the schema of the values cannot make. */}}
{{- define "trunkline.validate" -}}
{{- if and .Values.cloudNativePG.enabled .Values.database.url }}
{{- fail "database.url and cloudNativePG.enabled exclude each other: the URL is that of the cluster" }}
{{- end }}
{{- if regexMatch "[?&](user|password)=|^jdbc:postgresql://[^/?]*@" .Values.database.url }}
{{- fail "database.url holds credentials: they belong in the secret that database.existingSecret names" }}
{{- end }}
{{- if and .Values.access.oidc.issuer (not .Values.access.oidc.audience) }}
{{- fail "access.oidc.audience is missing: give it the audience that tokens for this service have" }}
{{- end }}
{{- if and (eq .Values.access.metrics "credentials") (ne .Values.access.mode "required") }}
{{- fail "access.metrics is credentials, but access.mode is not required" }}
{{- end }}
{{- if and (eq .Values.access.metrics "credentials") .Values.metrics.serviceMonitor.enabled (not .Values.metrics.serviceMonitor.tokenSecret.name) }}
{{- fail "metrics.serviceMonitor.tokenSecret.name is missing: access.metrics is credentials, so give it a Secret with an API token for Prometheus" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- fail "autoscaling.minReplicas is greater than autoscaling.maxReplicas" }}
{{- end }}
{{- if .Values.cloudNativePG.enabled }}
{{- $allowed := dig "postgresql" "parameters" "max_connections" "100" (include "trunkline.clusterSpec" . | fromYaml) | int }}
{{- $needed := include "trunkline.connections" . | int }}
{{- if gt $needed (sub $allowed 10 | int) }}
{{- fail (printf "cloudNativePG.parameters.max_connections is %d, but the replicas open up to %d connections during a rolling update: set it to %d or more, or lower database.maxConnections" $allowed $needed (add $needed 10)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The alerts of alerts/trunkline.yaml for this release, with the changes of the values. */}}
{{- define "trunkline.alertGroups" -}}
{{- $values := .Values.metrics.prometheusRule }}
{{- $selector := printf "job=%q, namespace=%q" (include "trunkline.fullname" .) .Release.Namespace }}
{{- $known := list }}
{{- $groups := list }}
{{- range $group := (.Files.Get "alerts/trunkline.yaml" | fromYaml).groups }}
{{- $rules := list }}
{{- range $rule := $group.rules }}
{{- $known = append $known $rule.alert }}
{{- $change := get $values.rules $rule.alert | default dict }}
{{- if dig "enabled" true $change }}
{{- $_ := set $rule "expr" (replace "job=\"trunkline\"" $selector $rule.expr) }}
{{- if hasKey $change "threshold" }}
{{- if not (contains "# threshold" $rule.expr) }}
{{- fail (printf "metrics.prometheusRule.rules.%s.threshold: this alert has no threshold" $rule.alert) }}
{{- end }}
{{- $_ := set $rule "expr" (regexReplaceAll "[0-9.]+ # threshold" $rule.expr (printf "%s # threshold" (include "trunkline.scalar" $change.threshold))) }}
{{- end }}
{{- with $change.for }}
{{- $_ := set $rule "for" . }}
{{- end }}
{{- $_ := set $rule "labels" (mergeOverwrite $rule.labels (deepCopy $values.ruleLabels) ($change.labels | default dict | deepCopy)) }}
{{- $_ := set $rule "annotations" (mergeOverwrite $rule.annotations ($change.annotations | default dict | deepCopy)) }}
{{- $rules = append $rules $rule }}
{{- end }}
{{- end }}
{{- if $rules }}
{{- $groups = append $groups (dict "name" $group.name "rules" $rules) }}
{{- end }}
{{- end }}
{{- range $name := keys $values.rules | sortAlpha }}
{{- if not (has $name $known) }}
{{- fail (printf "metrics.prometheusRule.rules.%s: there is no alert of this name" $name) }}
{{- end }}
{{- end }}
{{- toYaml $groups }}
{{- end }}
