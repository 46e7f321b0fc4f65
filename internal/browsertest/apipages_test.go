package browsertest

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"image/png"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// Reading is what a station measures.
type Reading struct {
	Celsius float64 `json:"celsius"`
}

// Station is where readings are taken. Its number needs 64 bits.
type Station struct {
	ID      int64             `json:"id" example:"9007199254740993"`
	Name    string            `json:"name" validate:"min=3,max=20"`
	Code    string            `json:"code" pattern:"^[A-Z]{3}-[0-9]{2}$"`
	Key     string            `json:"key" validate:"uuid"`
	Height  int               `json:"height" validate:"gte=100,lte=9000"`
	Contact string            `json:"contact" validate:"email"`
	Page    string            `json:"page" validate:"url"`
	Kind    string            `json:"kind" validate:"oneof=land sea"`
	Built   time.Time         `json:"built"`
	Sensors []string          `json:"sensors" validate:"min=1,max=3,unique,dive,alpha"`
	Notes   map[string]string `json:"notes,omitempty"`
	Opened  candor.Date       `json:"opened"`
	Every   time.Duration     `json:"every"`
	Host    string            `json:"host" validate:"hostname"`
	IP      netip.Addr        `json:"ip"`
	IPv4    string            `json:"ipv4" validate:"ipv4"`
	Share   float64           `json:"share" validate:"gt=0,lt=1"`
	Steps   int               `json:"steps" validate:"gt=10,lt=12"`
	Exact   string            `json:"exact" validate:"len=7"`
	Phone   string            `json:"phone" validate:"e164"`
	Small   string            `json:"small" validate:"alphanum,max=4"`
	Raw     []byte            `json:"raw"`
	Pair    [2]int            `json:"pair"`
	Any     any               `json:"any"`
	Part    *Reading          `json:"part"`
	Parts   []Reading         `json:"parts" validate:"min=2"`
	Flag    bool              `json:"flag"`
	Byte    int8              `json:"byte"`
	Big     *big.Int          `json:"big"`
	Slug    string            `json:"slug" validate:"startswith=st-"`
	Color   string            `json:"color" validate:"hexcolor"`
	Base    string            `json:"base" validate:"base64"`
	Tags    map[string]int    `json:"tags" validate:"min=1"`
}

// StationIn is a station to keep.
type StationIn struct {
	Body Station `body:""`
}

// StationByID names a station.
type StationByID struct {
	ID int64 `path:"id" example:"9007199254740993"`
}

// readings are sent by the test, so that it sees each arrive.
type readings chan Reading

func (r readings) each(ctx context.Context) func(yield func(Reading) bool) {
	return func(yield func(Reading) bool) {
		for {
			select {
			case <-ctx.Done():
				return
			case one, more := <-r:
				if !more || !yield(one) {
					return
				}
			}
		}
	}
}

func (r readings) lines(ctx context.Context, _ candor.None) (candor.JSONLines[Reading], error) {
	return candor.LinesOf(r.each(ctx)), nil
}

func (r readings) events(ctx context.Context, _ candor.None) (candor.Events[Reading], error) {
	return candor.EventsOf(r.each(ctx)), nil
}

// Name is what a station is called.
type Name struct {
	ID     int64    `json:"id"`
	Name   string   `json:"name"`
	Others []string `json:"others"`
}

func readName(_ context.Context, in StationByID) (Name, error) {
	return Name{ID: in.ID, Name: `{"a": [1,2]}, "b"`, Others: []string{}}, nil
}

func createStation(_ context.Context, in StationIn) (Station, error) { return in.Body, nil }

// weather is an app mounted in another one, behind a proxy that strips a prefix.
func weather(t *testing.T, docs candor.Docs, scripts ...fstest.MapFS) (measured readings, home string) {
	t.Helper()
	measured = make(readings)
	app := candor.New(candor.Config{Title: "Weather", Docs: docs})
	candor.Get(app, "/lines", measured.lines)
	candor.Get(app, "/events", measured.events)
	candor.Get(app, "/stations/{id}", readName)
	candor.Post(app, "/stations", createStation, candor.Status(201))
	for _, files := range scripts {
		app.Mount("/assets", candor.Static(files))
	}
	outer := candor.New(candor.Config{RootPath: mountedAt})
	outer.Mount("/weather", app)
	server := httptest.NewServer(http.StripPrefix(mountedAt, outer))
	t.Cleanup(server.Close)
	return measured, server.URL + mountedAt + "/weather"
}

// operation returns the selector of an operation in Swagger UI.
func operation(method, path string) string {
	return fmt.Sprintf(`.opblock-%s:has([data-path=%q])`, method, path)
}

// tryOut opens an operation in Swagger UI and executes it.
func tryOut(t *testing.T, ctx context.Context, operation string) {
	t.Helper()
	click(t, ctx, operation+` .opblock-summary-control`)
	click(t, ctx, operation+` .try-out__btn`)
	click(t, ctx, operation+` .execute`)
}

// Swagger UI shows streams while they arrive, and can stop them.
func TestSwaggerUIShowsStreams(t *testing.T) {
	for _, row := range []struct{ path, first, both string }{
		{"/lines", `{"celsius":1.5}`, "{\"celsius\":1.5}\n{\"celsius\":2.5}"},
		{"/events", "data: {\"celsius\":1.5}", "data: {\"celsius\":1.5}\n\ndata: {\"celsius\":2.5}"},
	} {
		for _, end := range []string{"complete", "stopped", "broke off"} {
			t.Run(row.path+" "+end, func(t *testing.T) {
				measured, home := weather(t, candor.Docs{})
				cutter, front := startCutter(t, strings.TrimSuffix(home, mountedAt+"/weather"))
				ctx := browse(t)
				said := watch(t, ctx)
				require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(front+mountedAt+"/weather/docs")))
				get := operation("get", row.path)
				tryOut(t, ctx, get)

				state, body := get+" .candor-stream", get+" .live-responses-table .highlight-code code"
				reads := func(selector, want string) {
					t.Helper()
					until(t, ctx, fmt.Sprintf(`document.querySelector(%q)?.textContent.includes(%q) ?? false`, selector, want))
				}
				measured <- Reading{1.5}
				reads(body, row.first)
				measured <- Reading{2.5}
				reads(body, row.both)
				reads(state, "Stream: receiving")
				switch end {
				case "complete":
					close(measured)
				case "stopped":
					click(t, ctx, get+" .candor-stop")
				case "broke off":
					cutter.cut()
				}
				reads(state, "Stream: "+end)
				reads(body, row.both)
				until(t, ctx, `document.querySelectorAll(".candor-stop, .loading-container .loading").length === 0`)
				if end == "broke off" {
					return
				}
				assert.Empty(t, said.all())
				// It can be requested again.
				if end == "stopped" {
					click(t, ctx, get+` .execute`)
					measured <- Reading{3.5}
					reads(body, `{"celsius":3.5}`)
				}
			})
		}
	}
}

// A stream is no longer shown if it is requested again, or cleared, while it arrives.
func TestSwaggerUIForgetsStreams(t *testing.T) {
	measured, home := weather(t, candor.Docs{})
	ctx := browse(t)
	said := watch(t, ctx)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+"/docs")))
	get := operation("get", "/lines")
	tryOut(t, ctx, get)
	body := fmt.Sprintf(`document.querySelector(%q)?.textContent`, get+" .live-responses-table .highlight-code code")
	measured <- Reading{1.5}
	until(t, ctx, body+`?.includes("1.5") ?? false`)

	click(t, ctx, get+` .execute`)
	until(t, ctx, body+` === undefined || !`+body+`.includes("1.5")`)
	// The server may send the first one to the closed stream.
	for !evaluate[bool](t, ctx, body+`?.includes("2.5") ?? false`) {
		select {
		case measured <- Reading{2.5}:
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			require.Fail(t, "the second stream is not shown")
		}
	}
	assert.NotContains(t, evaluate[string](t, ctx, body), "1.5")
	assert.Contains(t, text(t, ctx, get+" .candor-stream"), "Stream: receiving")

	click(t, ctx, get+` .btn-clear`)
	until(t, ctx, body+` === undefined`)
	// Anything in transit is handled before the response of another operation.
	tryAnother := operation("get", "/stations/{id}")
	tryOut(t, ctx, tryAnother)
	text(t, ctx, tryAnother+" .live-responses-table .highlight-code code")
	assert.Equal(t, 0, evaluate[int](t, ctx, fmt.Sprintf(`document.querySelectorAll(%q).length`, get+" .live-responses-table")))
	assert.Empty(t, said.all())
}

// A 64-bit number is shown, sent as an example and received exactly, and the examples that the page generates from
// schemas are valid.
func TestSwaggerUIKeepsNumbers(t *testing.T) {
	_, home := weather(t, candor.Docs{})
	ctx := browse(t)
	said := watch(t, ctx)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+"/docs")))
	get := operation("get", "/stations/{id}")
	tryOut(t, ctx, get)
	shown := text(t, ctx, get+" .live-responses-table .highlight-code code")
	assert.Contains(t, shown, "\"id\": 9007199254740993,\n")
	assert.Contains(t, shown, `"name": "{\"a\": [1,2]}, \"b\"",`)
	assert.Contains(t, shown, `"others": []`)
	assert.Contains(t, text(t, ctx, get+" .curl"), "/stations/9007199254740993")

	post := operation("post", "/stations")
	tryOut(t, ctx, post)
	assert.Contains(t, text(t, ctx, post+" .live-responses-table .highlight-code code"), "\"id\": 9007199254740993,\n")
	assert.Equal(t, "201", text(t, ctx, post+" .live-responses-table .response .response-col_status"), "the example is accepted")
	assert.Empty(t, said.all())
}

// brightness returns the mean of a screenshot, from 0 for black to 255.
func brightness(t *testing.T, shot []byte) int {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(shot))
	require.NoError(t, err)
	bounds, sum := picture.Bounds(), 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			sum += int(r+g+b) / 3 >> 8
		}
	}
	return sum / (bounds.Dx() * bounds.Dy())
}

// look opens a page with a width and a color scheme, and returns a screenshot once it is drawn.
// CANDOR_SCREENSHOTS=DIRECTORY keeps the screenshots.
func look(t *testing.T, ctx context.Context, page, drawn, scheme string, width int64) []byte {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, 844), chromedp.Navigate(page)))
	text(t, ctx, drawn)
	assert.LessOrEqual(t, evaluate[int](t, ctx, "document.documentElement.scrollWidth"), int(width))
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	if dir := os.Getenv("CANDOR_SCREENSHOTS"); dir != "" {
		name := fmt.Sprintf("%s-%s-%d.png", filepath.Base(page), scheme, width)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), shot, 0o644))
	}
	return shot
}

func TestSwaggerUIIsLightAndDark(t *testing.T) {
	_, home := weather(t, candor.Docs{})
	ctx := browse(t)
	said := watch(t, ctx)
	for _, width := range []int64{1280, 390} {
		assert.Greater(t, brightness(t, look(t, ctx, home+"/docs", ".opblock", "light", width)), 200)
		assert.Less(t, brightness(t, look(t, ctx, home+"/docs", ".opblock", "dark", width)), 80)
	}
	assert.Empty(t, said.all())
}

func TestSwaggerUIFilters(t *testing.T) {
	_, home := weather(t, candor.Docs{})
	ctx := browse(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+"/docs")))
	assert.Equal(t, "/lines", text(t, ctx, ".opblock .opblock-summary-path"))
	require.NoError(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS(".operation-filter-input"), "no such tag")))
	until(t, ctx, `document.querySelectorAll(".opblock").length === 0`)
}

// published returns a file of an npm package.
func published(t *testing.T, pack, file string) []byte {
	t.Helper()
	dir := t.TempDir()
	command := exec.Command("sh", "-c", `npm pack --silent "$0" && tar -xzOf *.tgz "package/$1" >script`, pack, file)
	command.Dir = dir
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
	script, err := os.ReadFile(filepath.Join(dir, "script"))
	require.NoError(t, err)
	return script
}

// The real ReDoc and Scalar, with their scripts served by the app: they draw an API in light and dark mode, send no
// request to other hosts, and do not violate the policy of their page. The digests of the default scripts match the
// published files.
func TestRedocAndScalarThemselves(t *testing.T) {
	for _, row := range []struct {
		page, pack, file, drawn string
		docs                    candor.Docs
		hasDark                 bool
		harmless                []string
	}{
		{"/redoc", "redoc@2.5.4", "bundles/redoc.standalone.js", "redoc h1", candor.Docs{RedocScript: "/assets/script.js"}, false, nil},
		{
			"/scalar", "@scalar/api-reference@1.46.4", "dist/browser/standalone.js", ".scalar-app h1",
			candor.Docs{Scalar: "/scalar", ScalarScript: "/assets/script.js"},
			true,
			// It tests whether it may compile functions, which the policy forbids, and takes the schema {} for an error.
			[]string{"policy: script-src ", `console: "document validation errors: " `, "console:  Array(2)"},
		},
	} {
		t.Run(row.page, func(t *testing.T) {
			script := published(t, row.pack, row.file)
			_, standard := weather(t, candor.Docs{Scalar: "/scalar"})
			response, err := http.Get(standard + row.page)
			require.NoError(t, err)
			defer response.Body.Close()
			page, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			digest := sha512.Sum384(script)
			assert.Contains(t, string(page), "/npm/"+row.pack+"/"+row.file+`" integrity="sha384-`+base64.StdEncoding.EncodeToString(digest[:])+`"`)

			_, home := weather(t, row.docs, fstest.MapFS{"script.js": {Data: script}})
			ctx := browse(t)
			said := watch(t, ctx)
			for _, width := range []int64{1280, 390} {
				assert.Greater(t, brightness(t, look(t, ctx, home+row.page, row.drawn, "light", width)), 150)
				dark := brightness(t, look(t, ctx, home+row.page, row.drawn, "dark", width))
				if row.hasDark {
					assert.Less(t, dark, 80)
				}
			}
			assert.Contains(t, text(t, ctx, row.drawn), "Weather")
			assert.Equal(t, []string{}, evaluate[[]string](t, ctx,
				`performance.getEntriesByType("resource").map(r => r.name).filter(name => name.startsWith("http") && !name.startsWith(location.origin))`))
			for _, complaint := range said.all() {
				assert.Contains(t, row.harmless, complaint)
			}
		})
	}
}

// If its script cannot be loaded, or JavaScript is missing, a page says so.
func TestPagesWithoutTheirScript(t *testing.T) {
	const gone, integrity = "https://localhost:1/script.js", "sha384-AAAA"
	_, home := weather(t, candor.Docs{
		RedocScript: gone, RedocIntegrity: integrity,
		Scalar: "/scalar", ScalarScript: gone, ScalarIntegrity: integrity,
	})
	for _, row := range []struct{ page, name string }{{"/redoc", "ReDoc"}, {"/scalar", "Scalar"}} {
		t.Run(row.name, func(t *testing.T) {
			ctx := browse(t)
			require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(390, 844), chromedp.Navigate(home+row.page)))
			assert.Contains(t, text(t, ctx, "#missing"), row.name+" cannot be shown: its script could not be loaded from "+gone)
			assert.LessOrEqual(t, evaluate[int](t, ctx, "document.documentElement.scrollWidth"), 390)

			_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			require.NoError(t, err)
			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(home+row.page)))
			assert.Equal(t, row.name+" needs JavaScript.", text(t, ctx, "noscript p"))
		})
	}
}
