module events

go 1.22

require (
	github.com/google/uuid v1.1.1 // indirect
	golang.org/x/xerrors v0.0.0-20190717185122-a985d3407aa7 // indirect
	gosrc.io/xmpp v0.5.1
	nhooyr.io/websocket v1.6.5 // indirect
)
