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
- {name: HALCYON_DATABASE_AUTHORITY, value: /var/lib/halcyon/database/ca.crt}
- {name: HALCYON_NATS_CREDENTIALS, value: /var/lib/halcyon/broker/nats.creds}
- {name: HALCYON_TLS_CERTIFICATE, value: /var/lib/halcyon/tls/tls.crt}
- {name: HALCYON_TLS_KEY, value: /var/lib/halcyon/tls/tls.key}
- {name: HALCYON_TLS_AUTHORITY, value: /var/lib/halcyon/tls/ca.crt}
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

{{/* What it shows of itself, to the broker too, and whom it believes to be its database. */}}
{{- define "halcyon.papers" -}}
- name: tls
  secret: {secretName: {{ .service.papersSecret }}}
- name: broker
  secret: {secretName: {{ .service.brokerSecret }}}
- name: database
  secret:
    secretName: {{ .root.Values.papers.databaseAuthoritySecret }}
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}

{{- define "halcyon.papersMounts" -}}
- {name: tls, mountPath: /var/lib/halcyon/tls, readOnly: true}
- {name: broker, mountPath: /var/lib/halcyon/broker, readOnly: true}
- {name: database, mountPath: /var/lib/halcyon/database, readOnly: true}
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
