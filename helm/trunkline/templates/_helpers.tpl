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
{{- include "trunkline.imageOf" (list .Values.image .Chart.AppVersion) }}
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

{{/* Ports in the database URL, as a JSON array. */}}
{{- define "trunkline.databasePorts" -}}
{{- $ports := list }}
{{- range regexFindAll ":[0-9]+(,|/|\\?|$)" (include "trunkline.databaseUrl" .) -1 }}
{{- $ports = append $ports (regexFind "[0-9]+" . | int) }}
{{- end }}
{{- if not $ports }}
{{- $ports = list 5432 }}
{{- end }}
{{- $ports | uniq | toJson }}
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

{{- define "trunkline.maxReplicas" -}}
{{- if .Values.autoscaling.enabled }}{{ .Values.autoscaling.maxReplicas | int }}{{ else }}{{ .Values.replicaCount | int }}{{ end }}
{{- end }}

{{- define "trunkline.minReplicas" -}}
{{- if .Values.autoscaling.enabled }}{{ .Values.autoscaling.minReplicas | int }}{{ else }}{{ .Values.replicaCount | int }}{{ end }}
{{- end }}

{{/* Connections of all replicas, and of one more during a rolling update. */}}
{{- define "trunkline.connections" -}}
{{- mul (add1 (include "trunkline.maxReplicas" .)) (int .Values.database.maxConnections) }}
{{- end }}

{{- define "trunkline.gracePeriod" -}}
{{- add (int .Values.shutdown.delaySeconds) (int .Values.shutdown.timeoutSeconds) 40 }}
{{- end }}

{{/* A configuration key as an environment variable. */}}
{{- define "trunkline.envName" -}}
{{- regexReplaceAll "[^A-Za-z0-9]" . "_" | upper }}
{{- end }}

{{/* A scalar as text; whole numbers without an exponent. */}}
{{- define "trunkline.scalar" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
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

{{- define "trunkline.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if include "trunkline.sslSecret" . }}
- name: postgresql-ca
  mountPath: /etc/trunkline/postgresql
  readOnly: true
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

{{/* Checks that the schema of the values cannot make. */}}
{{- define "trunkline.validate" -}}
{{- if and .Values.cloudNativePG.enabled .Values.database.url }}
{{- fail "database.url and cloudNativePG.enabled exclude each other: the URL is that of the cluster" }}
{{- end }}
{{- if regexMatch "[?&](user|password)=" .Values.database.url }}
{{- fail "database.url holds credentials: they belong in the secret that database.existingSecret names" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- fail "autoscaling.minReplicas is greater than autoscaling.maxReplicas" }}
{{- end }}
{{- if .Values.cloudNativePG.enabled }}
{{- $allowed := .Values.cloudNativePG.parameters.max_connections | default "100" | int }}
{{- $needed := include "trunkline.connections" . | int }}
{{- if gt $needed (sub $allowed 10 | int) }}
{{- fail (printf "cloudNativePG.parameters.max_connections is %d, but the replicas open up to %d connections during a rolling update: set it to %d or more, or lower database.maxConnections" $allowed $needed (add $needed 10)) }}
{{- end }}
{{- end }}
{{- end }}
