{{- define "tenant.labels" -}}
app: vcluster
release: {{ .Release.Name | quote }}
{{- end -}}

{{/* Image reference; call with (dict "root" $ "image" .Values.images.x). An empty tag means kubernetesVersion. */}}
{{- define "tenant.image" -}}
{{ .image.repository }}:{{ .image.tag | default .root.Values.kubernetesVersion }}
{{- end -}}

{{/* A value as it was typed: Helm holds whole numbers as floating ones and writes those from a million on as 1e+06. */}}
{{- define "tenant.text" -}}
{{- if kindIs "float64" . }}{{ printf "%.0f" . }}{{ else }}{{ . }}{{ end -}}
{{- end -}}

{{/* Arguments: the chart's own flags with extraArgs over them, in a stable order. */}}
{{- define "tenant.args" -}}
{{- range $name, $value := merge (dict) (.extra | default dict) .flags }}
- {{ printf "--%s=%s" $name (include "tenant.text" $value) | quote }}
{{- end }}
{{- end -}}

{{- define "tenant.env" -}}
- name: POD_IP
  valueFrom: { fieldRef: { fieldPath: status.podIP } }
{{- range $name, $value := . }}
- name: {{ $name | quote }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "tenant.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* One component's share of the Secret <release>-pki; call with (dict "root" $ "name" … "keys" (list …)). */}}
{{- define "tenant.pkiVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ printf "%s-pki" .root.Release.Name | quote }}
    defaultMode: 0440
    items:
      {{- range .keys }}
      - { key: {{ . }}, path: {{ . }} }
      {{- end }}
{{- end -}}

{{/*
Nobody can make a socket below /dev/null: each dial fails at once, and its error says which value closed it. A selection
that is not named (etcd) is dialled directly.
*/}}
{{- define "tenant.egressSelector" -}}
apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
  {{- range $value, $selection := dict "cluster" "cluster" "controlPlane" "controlplane" }}
  - name: {{ $selection }}
    connection:
      {{- if eq (index $.Values.apiServer.egress $value) "Direct" }}
      proxyProtocol: Direct
      {{- else }}
      proxyProtocol: HTTPConnect
      transport: { uds: { udsName: /dev/null/closed-by-chart-value-apiServer.egress.{{ $value }} } }
      {{- end }}
  {{- end }}
{{- end -}}

{{/* Flags that values set beside or over the chart's own, as the platform's check of untrusted values reads them. */}}
{{- define "tenant.extraArgs" -}}
{{- range $component := list "etcd" "apiServer" "controllerManager" "scheduler" }}
{{- range $name, $value := (index $.Values $component).extraArgs }}
{{- printf "%s.%s " $component $name }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Whether a new store can start from a seed: the tools' image has to have the etcd that is asked for. */}}
{{- define "tenant.takesSeed" -}}
{{- if eq .Values.images.etcd.tag .Values.seed.etcdTag }}true{{ end -}}
{{- end -}}

{{- define "tenant.seedName" -}}
kubernetes-{{ .Values.images.apiServer.tag | default .Values.kubernetesVersion }}-etcd-{{ .Values.seed.etcdTag }}
{{- end -}}

{{/* Who etcd's one member is, for the program that makes its folder. */}}
{{- define "tenant.etcdMember" -}}
{{- $flags := include "tenant.etcdFlags" . | fromYaml -}}
{{- range list "name" "initial-cluster" "initial-advertise-peer-urls" }}--{{ . }} {{ get $flags . }} {{ end -}}
{{- end -}}

{{- define "tenant.etcdFlags" -}}
name: tenant
data-dir: /var/lib/etcd/data
{{/* The API server's way in; a socket is a folder's permission away from anybody else. */}}
listen-client-urls: unix:///run/etcd/etcd.sock,https://$(POD_IP):2379
advertise-client-urls: https://$(POD_IP):2379
listen-peer-urls: unix:///run/etcd/peer.sock
initial-advertise-peer-urls: http://localhost:2380
initial-cluster: tenant=http://localhost:2380
cert-file: /etc/kubernetes/pki/etcd.crt
key-file: /etc/kubernetes/pki/etcd.key
trusted-ca-file: /etc/kubernetes/pki/ca.crt
client-cert-auth: "true"
{{/* One member elects itself: up to 0.9 s with etcd's defaults (100, 1000), under 0.1 s with these. */}}
heartbeat-interval: "20"
election-timeout: "100"
{{- end -}}

{{- define "tenant.apiServerFlags" -}}
etcd-servers: unix:///run/etcd/etcd.sock
bind-address: $(POD_IP)
advertise-address: $(POD_IP)
secure-port: "6443"
service-cluster-ip-range: {{ .Values.serviceClusterIPRange }}
{{/* There is no node that could reach an endpoint of the Service `kubernetes`. */}}
endpoint-reconciler-type: none
authorization-mode: Node,RBAC
egress-selector-config-file: /etc/kubernetes/egress/egress-selector.yaml
client-ca-file: /etc/kubernetes/pki/ca.crt
tls-cert-file: /etc/kubernetes/pki/apiserver.crt
tls-private-key-file: /etc/kubernetes/pki/apiserver.key
service-account-issuer: https://kubernetes.default.svc.cluster.local
service-account-signing-key-file: /etc/kubernetes/pki/sa.key
service-account-key-file: /etc/kubernetes/pki/sa.pub
enable-bootstrap-token-auth: "true"
profiling: "false"
{{- end -}}

{{- define "tenant.controllerManagerFlags" -}}
kubeconfig: /run/kubeconfigs/controller-manager.conf
{{/* One replica; nothing to elect. Nobody asks it over HTTP; it ends itself when it cannot go on. */}}
leader-elect: "false"
secure-port: "0"
service-cluster-ip-range: {{ .Values.serviceClusterIPRange }}
use-service-account-credentials: "true"
{{/* At the default 20 requests a second it takes 4 s to make a new cluster's service accounts. */}}
kube-api-qps: "100"
kube-api-burst: "200"
service-account-private-key-file: /etc/kubernetes/pki/sa.key
root-ca-file: /etc/kubernetes/pki/ca.crt
cluster-signing-cert-file: /etc/kubernetes/pki/ca.crt
cluster-signing-key-file: /etc/kubernetes/pki/ca.key
profiling: "false"
{{- end -}}

{{- define "tenant.schedulerFlags" -}}
kubeconfig: /run/kubeconfigs/scheduler.conf
leader-elect: "false"
secure-port: "0"
profiling: "false"
{{- end -}}
