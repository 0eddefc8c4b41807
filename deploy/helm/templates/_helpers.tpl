{{- define "reprise.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "reprise.labels" -}}
app.kubernetes.io/name: reprise
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "reprise.selector" -}}
app.kubernetes.io/name: reprise
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "reprise.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Every process, by the name of its Deployment: role, arguments, scaling. One list, so that a role is one line. */}}
{{- define "reprise.processes" -}}
gateway: {role: gateway, component: gateway, command: [python, -m, reprise_gateway]}
orchestrator: {role: orchestrator, component: orchestrator, command: [python, -m, reprise_orchestrator]}
scheduler: {role: scheduler, component: scheduler, command: [python, -m, reprise_scheduler]}
{{- range $phase, $_ := .Values.workers }}
worker-{{ $phase }}: {role: {{ $phase }}, component: worker, pool: {{ $phase }}, command: [python, -m, reprise_workers, {{ $phase }}]}
{{- end }}
{{- end }}

{{/* What a process of a role reads from its environment; called with a list: the root, the role. */}}
{{- define "reprise.environment" -}}
{{- $root := index . 0 }}{{- $role := index . 1 }}{{- $v := $root.Values }}
- {name: REPRISE_NATS__URL, value: {{ $v.nats.url | quote }}}
- {name: REPRISE_NATS__USER, value: {{ $role | quote }}}
- {name: REPRISE_NATS__PASSWORD, valueFrom: {secretKeyRef: {name: {{ $v.secretName }}, key: {{ $role }}}}}
- {name: REPRISE_NATS__TLS_FIRST, value: {{ $v.nats.tlsFirst | quote }}}
- {name: REPRISE_REPLICAS, value: {{ $v.nats.replicas | quote }}}
- {name: REPRISE_S3__ENDPOINT, value: {{ required "s3.endpoint: where the object store is" $v.s3.endpoint | quote }}}
- {name: REPRISE_S3__BUCKET, value: {{ $v.s3.bucket | quote }}}
- {name: REPRISE_S3__REGION, value: {{ $v.s3.region | quote }}}
- {name: REPRISE_S3__SECURE, value: {{ $v.s3.secure | quote }}}
{{- with index $v.s3.users $role }}
- {name: REPRISE_S3__ACCESS_KEY, value: {{ . | quote }}}
- {name: REPRISE_S3__SECRET_KEY, valueFrom: {secretKeyRef: {name: {{ $v.secretName }}, key: {{ printf "%s%s" $v.s3SecretPrefix $role }}}}}
{{- end }}
{{- if $v.caSecretName }}
- {name: REPRISE_NATS__CA, value: /etc/reprise/tls/ca.pem}
- {name: REPRISE_S3__CA, value: /etc/reprise/tls/ca.pem}
{{- end }}
- {name: REPRISE_TIMINGS__DRAIN, value: {{ $v.drainSeconds | quote }}}
{{- range $name, $value := $v.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- with $v.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "reprise.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "reprise.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "reprise.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: state, mountPath: /var/lib/reprise}
{{- if .Values.caSecretName }}
- {name: ca, mountPath: /etc/reprise/tls, readOnly: true}
{{- end }}
{{- end }}

{{- define "reprise.volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: 1Gi}}
- {name: state, emptyDir: {sizeLimit: 2Gi}}
{{- if .Values.caSecretName }}
- {name: ca, secret: {secretName: {{ .Values.caSecretName }}}}
{{- end }}
{{- end }}
