module github.com/candor-go/candor/internal/browsertest

go 1.26.0

require (
	github.com/candor-go/candor v0.0.0
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.22.1
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/go-json-experiment/json v0.0.0-20260820222146-c27c302e5fc3 // indirect
	github.com/swaggest/swgui v1.8.5 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/candor-go/candor => ../..
