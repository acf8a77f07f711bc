/** The Helm chart and the kustomize manifests, rendered and read as Kubernetes reads them. */
@NullMarked
package io.trunkline.chart;

import org.jspecify.annotations.NullMarked;
