package main

import (
	"fmt"
	"html"
	"strings"

	"github.com/candor-go/candor/benchmarks"
)

// The dimensions of a plot, in pixels.
const (
	plotColumns = 4 // of panels
	panelWidth  = 230
	panelMargin = 16
	barHeight   = 16
	barsLeft    = 104 // where bars begin in their panel, after the names
	barsRoom    = 76  // for the longest bar; its number comes after it
	titleHeight = 26
)

// plot draws a panel of bars for each workload: the ratios to bare. It is readable on light and dark pages.
func (r *results) plot(workloads []benchmarks.Workload, value func(workload, contender string) float64) []byte {
	var b strings.Builder
	columns := max(1, min(plotColumns, len(workloads)))
	rows := (len(workloads) + columns - 1) / columns
	panelHeight := titleHeight + len(r.contenders)*barHeight + panelMargin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n",
		columns*panelWidth, rows*panelHeight)
	b.WriteString(`<style>
text { fill: #24292f } rect { fill: #8c959f } .candor { fill: #1a7f64 } line { stroke: #24292f; stroke-dasharray: 2 2 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } line { stroke: #e6edf3 } }
</style>
`)
	for i, w := range workloads {
		fmt.Fprintf(&b, `<g transform="translate(%d %d)">`+"\n", i%columns*panelWidth, i/columns*panelHeight)
		r.panel(&b, w, value)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// panel draws the bars of a workload, and a line at the end of bare's.
func (r *results) panel(b *strings.Builder, w benchmarks.Workload, value func(workload, contender string) float64) {
	longest := 1.0
	for _, c := range r.contenders {
		if r.times.has(w.Name, c.Name()) {
			longest = max(longest, value(w.Name, c.Name()))
		}
	}
	fmt.Fprintf(b, `<text x="%d" y="16" font-weight="bold">%s, bare = 1</text>`+"\n", barsLeft, html.EscapeString(w.Name))
	for i, c := range r.contenders {
		y := titleHeight + i*barHeight
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", barsLeft-6, y+11, html.EscapeString(c.Name()))
		number, width := notInstalled, 0.0
		if r.times.has(w.Name, c.Name()) {
			number = ratio(value)(w.Name, c.Name())
			width = value(w.Name, c.Name()) / longest * barsRoom
		}
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/>`, html.EscapeString(c.Name()), barsLeft, y, width, barHeight-3)
		fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", barsLeft+width+4, y+11, number)
	}
	bare := barsLeft + barsRoom/longest
	fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`+"\n", bare, bare, titleHeight-3, titleHeight+len(r.contenders)*barHeight)
}
