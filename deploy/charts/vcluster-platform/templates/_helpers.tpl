{{- define "agent.validate" -}}
{{- if not .Values.agentOnly }}
{{- fail "agentOnly must be true: this version of the chart installs the agent of a connected cluster, and not the platform itself" }}
{{- end }}
{{- if not .Values.url }}
{{- fail "url is missing: the address of the platform, https://host[:port]" }}
{{- end }}
{{- if and .Values.token .Values.tokenSecretRef.name }}
{{- fail "token and tokenSecretRef both name a join key: leave out one of them" }}
{{- end }}
{{- if and .Release.IsInstall (not .Values.token) (not .Values.tokenSecretRef.name) }}
{{- fail "token or tokenSecretRef.name is missing: the join key of the cluster, which `vcp add cluster` gets" }}
{{- end }}
{{- end -}}

{{- define "agent.labels" -}}
app: loft
release: {{ .Release.Name | quote }}
{{- end -}}

{{/* Authorities of the platform as PEM; empty: the system's. vCluster Platform's clients give base64. */}}
{{- define "agent.certificateAuthority" -}}
{{- with .Values.additionalCA | trim }}
{{- $pem := contains "-----BEGIN" . | ternary . (b64dec .) }}
{{- if not (contains "-----BEGIN CERTIFICATE-----" $pem) }}
{{- fail "additionalCA must be certificates as PEM, or base64 of them" }}
{{- end }}
{{- $pem | trim }}
{{- end }}
{{- end -}}

{{/* Paths are relative to the folder that the agent runs in, where all of them are. */}}
{{- define "agent.config" -}}
{{- $config := dict "logLevel" "info" "url" (.Values.url | trimSuffix "/" | trimPrefix "https://" | printf "https://%s") }}
{{- $_ := set $config "joinKeyFile" "join-key" }}
{{- $_ := set $config "credential" (dict "secret" "loft-agent-credential") }}
{{- $_ := set $config "namespace" .Release.Namespace }}
{{- $_ := set $config "probePort" 8080 }}
{{- if include "agent.certificateAuthority" . }}{{ $_ := set $config "caFile" "ca.crt" }}{{ end }}
{{- if .Values.insecureSkipVerify }}{{ $_ := set $config "insecureSkipVerify" true }}{{ end }}
{{- mergeOverwrite $config .Values.agentConfig | toPrettyJson }}
{{- end -}}

{{/* Names of values that this chart does not have: values of vCluster Platform's chart may come along. */}}
{{- define "agent.ignored" -}}
{{- $known := list "agentOnly" "url" "token" "tokenSecretRef" "additionalCA" "insecureSkipVerify" "image" "imagePullPolicy" }}
{{- $known = concat $known (list "imagePullSecrets" "replicaCount" "resources" "env" "annotations" "podAnnotations" "podLabels") }}
{{- $known = concat $known (list "nodeSelector" "tolerations" "affinity" "priorityClassName" "serviceAccount" "agentConfig" "global") }}
{{- $ignored := list }}
{{- range keys .Values | sortAlpha }}{{ if not (has . $known) }}{{ $ignored = append $ignored . }}{{ end }}{{ end }}
{{- join ", " $ignored }}
{{- end -}}
