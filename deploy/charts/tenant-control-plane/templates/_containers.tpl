{{/* etcd and kube-apiserver are native sidecars: they start in this order and stop in the opposite one. */}}

{{- define "tenant.etcd" -}}
- name: etcd
  restartPolicy: Always
  imagePullPolicy: {{ .Values.images.pullPolicy }}
  {{- if include "tenant.takesSeed" . }}
  image: {{ include "tenant.image" (dict "root" . "image" .Values.images.tools) }}
  command:
    - sh
    - -ec
    - |
      {{- include "tenant.seededStart" . | nindent 6 }}
    - etcd
  {{- else }}
  image: {{ include "tenant.image" (dict "root" . "image" .Values.images.etcd) }}
  command: [etcd]
  {{- end }}
  args:
    {{- include "tenant.args" (dict "flags" (include "tenant.etcdFlags" . | fromYaml) "extra" .Values.etcd.extraArgs) | trim | nindent 4 }}
  env:
    {{- include "tenant.env" .Values.etcd.env | nindent 4 }}
  ports:
    - { name: etcd, containerPort: 2379 }
  resources:
    {{- toYaml .Values.etcd.resources | nindent 4 }}
  securityContext:
    {{- include "tenant.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - { name: data, mountPath: /var/lib/etcd }
    - { name: etcd-socket, mountPath: /run/etcd }
    - { name: etcd-pki, mountPath: /etc/kubernetes/pki, readOnly: true }
    {{- if include "tenant.takesSeed" . }}
    - { name: seed, mountPath: /run/seed, readOnly: true }
    {{- end }}
{{- end -}}

{{/*
A new volume gets the objects of the seed, if there is one; whatever is wrong with it, etcd starts with an empty store and
the API server makes them itself. In the container of etcd rather than in one before it: that would run, and be waited for,
at every wake too.
*/}}
{{- define "tenant.seededStart" -}}
data=/var/lib/etcd/data partial=/var/lib/etcd/seeding store=/run/seed/store.db
if [ ! -e "$data" ] && [ -e "$store" ]; then
  rm -rf "$partial"
  if etcdutl snapshot restore "$store" --data-dir "$partial" {{ include "tenant.etcdMember" . | trim }}; then
    mv "$partial" "$data"
  else
    echo 'the seed cannot be used: starting with an empty store' >&2
    rm -rf "$partial"
  fi
fi
exec "$0" "$@"
{{- end -}}

{{- define "tenant.apiServer" -}}
- name: kube-apiserver
  restartPolicy: Always
  image: {{ include "tenant.image" (dict "root" . "image" .Values.images.apiServer) }}
  imagePullPolicy: {{ .Values.images.pullPolicy }}
  command: [kube-apiserver]
  args:
    {{- include "tenant.args" (dict "flags" (include "tenant.apiServerFlags" . | fromYaml) "extra" .Values.apiServer.extraArgs) | trim | nindent 4 }}
  env:
    {{- include "tenant.env" .Values.apiServer.env | nindent 4 }}
  ports:
    - { name: https, containerPort: 6443 }
  # Holds back the controller manager and the scheduler, which cannot do anything before.
  startupProbe:
    httpGet: { path: /readyz, port: https, scheme: HTTPS }
    periodSeconds: 1
    timeoutSeconds: 5
    failureThreshold: 300
  livenessProbe:
    httpGet: { path: /livez, port: https, scheme: HTTPS }
    periodSeconds: 10
    timeoutSeconds: 15
    failureThreshold: 8
  readinessProbe:
    httpGet: { path: /readyz, port: https, scheme: HTTPS }
    periodSeconds: 5
    timeoutSeconds: 15
    failureThreshold: 3
  resources:
    {{- toYaml .Values.apiServer.resources | nindent 4 }}
  securityContext:
    {{- include "tenant.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - { name: etcd-socket, mountPath: /run/etcd }
    - { name: api-server-pki, mountPath: /etc/kubernetes/pki, readOnly: true }
    - { name: egress, mountPath: /etc/kubernetes/egress, readOnly: true }
{{- end -}}

{{/* Puts the pod's address into the kubeconfigs. `--master` would too, but drops their `tls-server-name`. */}}
{{- define "tenant.kubeconfigs" -}}
- name: kubeconfigs
  image: {{ include "tenant.image" (dict "root" . "image" .Values.images.tools) }}
  imagePullPolicy: {{ .Values.images.pullPolicy }}
  command: [sh, -ec]
  args:
    - |
      umask 077
      for name in controller-manager scheduler; do
        while IFS= read -r line; do
          case $line in
            *'server: https://control-plane:'*) line="${line%%server: *}server: https://$POD_IP:6443" ;;
          esac
          printf '%s\n' "$line"
        done <"$TEMPLATES/$name.conf" >"$KUBECONFIGS/$name.conf"
      done
  env:
    {{- include "tenant.env" (dict "TEMPLATES" "/etc/kubernetes/client" "KUBECONFIGS" "/run/kubeconfigs") | nindent 4 }}
  securityContext:
    {{- include "tenant.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - { name: client-pki, mountPath: /etc/kubernetes/client, readOnly: true }
    - { name: kubeconfigs, mountPath: /run/kubeconfigs }
{{- end -}}

{{- define "tenant.controllerManager" -}}
- name: kube-controller-manager
  image: {{ include "tenant.image" (dict "root" . "image" .Values.images.controllerManager) }}
  imagePullPolicy: {{ .Values.images.pullPolicy }}
  command: [kube-controller-manager]
  args:
    {{- include "tenant.args" (dict "flags" (include "tenant.controllerManagerFlags" . | fromYaml) "extra" .Values.controllerManager.extraArgs) | trim | nindent 4 }}
  env:
    {{- include "tenant.env" .Values.controllerManager.env | nindent 4 }}
  resources:
    {{- toYaml .Values.controllerManager.resources | nindent 4 }}
  securityContext:
    {{- include "tenant.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - { name: kubeconfigs, mountPath: /run/kubeconfigs, readOnly: true }
    - { name: controller-manager-pki, mountPath: /etc/kubernetes/pki, readOnly: true }
{{- end -}}

{{- define "tenant.scheduler" -}}
- name: kube-scheduler
  image: {{ include "tenant.image" (dict "root" . "image" .Values.images.scheduler) }}
  imagePullPolicy: {{ .Values.images.pullPolicy }}
  command: [kube-scheduler]
  args:
    {{- include "tenant.args" (dict "flags" (include "tenant.schedulerFlags" . | fromYaml) "extra" .Values.scheduler.extraArgs) | trim | nindent 4 }}
  env:
    {{- include "tenant.env" .Values.scheduler.env | nindent 4 }}
  resources:
    {{- toYaml .Values.scheduler.resources | nindent 4 }}
  securityContext:
    {{- include "tenant.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - { name: kubeconfigs, mountPath: /run/kubeconfigs, readOnly: true }
{{- end -}}
