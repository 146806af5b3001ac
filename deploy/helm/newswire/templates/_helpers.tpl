{{/* Names, labels, and what every pod of newswire has in common. */}}
{{- define "newswire.labels" -}}
app.kubernetes.io/name: newswire
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "newswire.selector" -}}
app.kubernetes.io/name: newswire
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "newswire.name" -}}
{{ .root.Release.Name }}-{{ .component }}
{{- end }}

{{/* The pod of a process. Arguments: root, component, command, port, ready, grace, resources, env, state. */}}
{{- define "newswire.pod" -}}
metadata:
  labels:
    {{- include "newswire.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  annotations:
    # A change of the settings starts the pods again, one after the other.
    checksum/config: {{ include (print .root.Template.BasePath "/configmap.yaml") .root | sha256sum }}
    {{- with .root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ .grace }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: {{ toJson .command }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      env:
        - {name: NEWSWIRE_CONFIG, value: /etc/newswire/newswire.toml}
        - {name: NEWSWIRE_CONNECTORS__FEEDS_FILE, value: /etc/newswire/feeds.toml}
        - {name: NEWSWIRE_ALERTS__FILE, value: /etc/newswire/alerts.toml}
        {{- range $name, $value := .env }}
        - {name: {{ $name }}, value: {{ $value | quote }}}
        {{- end }}
      envFrom:
        - secretRef: {name: {{ .root.Values.secret }}, optional: true}
      {{- if .port }}
      ports:
        - {name: http, containerPort: {{ .port }}}
      # The process judges its own progress: a restart helps only where it says so.
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 20
        timeoutSeconds: 5
        failureThreshold: 3
      readinessProbe:
        httpGet: {path: {{ .ready | default "/readyz" }}, port: http}
        periodSeconds: 10
        timeoutSeconds: 6
      startupProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 5
        failureThreshold: 36
      {{- end }}
      resources: {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/newswire/newswire.toml, subPath: newswire.toml, readOnly: true}
        - {name: config, mountPath: /etc/newswire/feeds.toml, subPath: feeds.toml, readOnly: true}
        - {name: config, mountPath: /etc/newswire/alerts.toml, subPath: alerts.toml, readOnly: true}
        - {name: state, mountPath: /var/lib/newswire}
        - {name: tmp, mountPath: /tmp}
        {{- range .root.Values.fileSecrets }}
        - {name: secret-{{ . }}, mountPath: /etc/newswire/{{ . }}, readOnly: true}
        {{- end }}
  volumes:
    - name: config
      configMap: {name: {{ .root.Release.Name }}-config}
    - {name: tmp, emptyDir: {}}
    {{- if not .state }}
    - {name: state, emptyDir: {}}
    {{- end }}
    {{- range .root.Values.fileSecrets }}
    - name: secret-{{ . }}
      secret: {secretName: {{ . }}}
    {{- end }}
  {{- with .root.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* A volume of a StatefulSet. Arguments: size, storageClassName. */}}
{{- define "newswire.claim" -}}
- metadata: {name: state}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storageClassName }}
    storageClassName: {{ . }}
    {{- end }}
    resources: {requests: {storage: {{ .size }}}}
{{- end }}
