{{/* Labels of one service; the argument is a dict of root and name. */}}
{{- define "halcyon.labels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/part-of: halcyon
{{- end }}

{{- define "halcyon.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}
{{- end }}

{{/* The environment of a service and of its migration: addresses by value, secrets by reference. */}}
{{- define "halcyon.env" -}}
- name: HALCYON_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .database }}, key: uri}}
- name: HALCYON_NATS_URL
  valueFrom: {secretKeyRef: {name: {{ .root.Values.nats.secret }}, key: url}}
- {name: HALCYON_STREAM_REPLICAS, value: {{ .root.Values.nats.replicas | quote }}}
- {name: HALCYON_JWKS, value: {{ .root.Values.tokens.jwks | quote }}}
- {name: HALCYON_ISSUER, value: {{ .root.Values.tokens.issuer | quote }}}
- {name: HALCYON_AUDIENCE, value: {{ .root.Values.tokens.audience | quote }}}
- {name: HALCYON_OTLP_ENDPOINT, value: {{ .root.Values.telemetry.otlpEndpoint | quote }}}
- {name: HALCYON_METRICS_LISTEN, value: "0.0.0.0:{{ .root.Values.telemetry.metricsPort }}"}
- {name: HALCYON_TRACE_RATIO, value: {{ .root.Values.telemetry.traceRatio | quote }}}
{{- range $key, $value := .service.env }}
- {name: {{ $key }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- define "halcyon.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "halcyon.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
