package resolve

import "strings"

// Builtins are Node's modules that matter as such; a specifier with "node:"
// always means Node's.
var Builtins = func() map[string]bool {
	names := map[string]bool{}
	for _, name := range strings.Fields(`assert async_hooks buffer child_process cluster console constants crypto dgram
		diagnostics_channel dns domain events fs http http2 https inspector module net os path
		perf_hooks process punycode querystring readline repl sea sqlite stream string_decoder
		sys test timers tls trace_events tty url util v8 vm wasi worker_threads zlib`) {
		names[name] = true
	}
	return names
}()

// IsBuiltin reports whether a name is that of one of Node's own modules, such as
// "net", without "node:".
func IsBuiltin(name string) bool { return Builtins[name] }
