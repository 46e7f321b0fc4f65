package benchmarks

import (
	"encoding/json"
	"io"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	jsonv2 "github.com/go-json-experiment/json"
)

// Bare is net/http and encoding/json with hand-written rules. It is the baseline.
func Bare() Contender { return byHand{rules: ownRules, codec: jsonV1}.contender("bare", "") }

// BareJSON2 is Bare with the future encoding/json/v2.
func BareJSON2() Contender {
	return byHand{rules: ownRules, codec: jsonV2}.contender("bare + json v2", "github.com/go-json-experiment/json")
}

// contender is the service with net/http's mux.
func (s byHand) contender(name, module string) Contender {
	s.items, s.oddities, s.users = stock(), oddities(), newAccounts()
	return onHTTP{name, module, s.mux, s.hub, s.large}
}

// Chi is the handlers of Bare with chi's router.
func Chi() Contender {
	s := byHand{items: stock(), oddities: oddities(), users: newAccounts(), rules: ownRules, codec: jsonV1}
	return onHTTP{"chi", "github.com/go-chi/chi/v5", s.chi, s.chiHub, s.chiLarge}
}

func (s byHand) chi() http.Handler {
	r := chi.NewRouter()
	r.Get("/", s.hello)
	r.Get("/items/{id}", s.search)
	r.Get("/items", s.list)
	r.Post("/items", s.create)
	r.Post("/items/batch", s.batch)
	r.Get("/me", s.me)
	r.Get("/oddities", s.odd)
	r.Post("/orders", s.order)
	r.Post("/stock", s.count)
	r.Post("/upload", s.upload)
	return r
}

func (s byHand) chiHub() http.Handler {
	mux := chi.NewRouter()
	for _, r := range HubRoutes() {
		mux.Method(r.Method, r.Path, s.hit(r))
	}
	return mux
}

func (s byHand) chiLarge(groups int) (any, []byte, error) {
	mux := chi.NewRouter()
	return routesOnly(mux, groups, func(method, path string) { mux.MethodFunc(method, path, s.hello) })
}

func (s byHand) large(groups int) (any, []byte, error) {
	mux := http.NewServeMux()
	return routesOnly(mux, groups, func(method, path string) { mux.HandleFunc(method+" "+path, s.hello) })
}

// rules validate bodies.
type rules struct {
	item  func(*Item) []Problem
	order func(*Order) []Problem
}

var ownRules = rules{judgeItem, judgeOrder}

// codec is a way to read and write JSON.
type codec struct {
	encode func(io.Writer, any) error
	decode func(io.Reader, any) error
}

var (
	jsonV1 = codec{
		func(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) },
		func(r io.Reader, v any) error { return json.NewDecoder(r).Decode(v) },
	}
	jsonV2 = codec{
		func(w io.Writer, v any) error { return jsonv2.MarshalWrite(w, v) },
		func(r io.Reader, v any) error { return jsonv2.UnmarshalRead(r, v) },
	}
)

// byHand is the service without a framework.
type byHand struct {
	items, oddities []Item
	users           accounts
	rules           rules
	codec           codec
}

func (s byHand) mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.hello)
	mux.HandleFunc("GET /items/{id}", s.search)
	mux.HandleFunc("GET /items", s.list)
	mux.HandleFunc("POST /items", s.create)
	mux.HandleFunc("POST /items/batch", s.batch)
	mux.HandleFunc("GET /me", s.me)
	mux.HandleFunc("GET /oddities", s.odd)
	mux.HandleFunc("POST /orders", s.order)
	mux.HandleFunc("POST /stock", s.count)
	mux.HandleFunc("POST /upload", s.upload)
	return mux
}

// Problem is a validation error of a field.
type Problem struct {
	Loc []any  `json:"loc"`
	Msg string `json:"msg"`
}

// Problems is the body of a 422.
type Problems struct {
	Detail []Problem `json:"detail"`
}

func problem(msg string, loc ...any) Problem { return Problem{Loc: loc, Msg: msg} }

func (s byHand) write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = s.codec.encode(w, v)
}

func (s byHand) hello(w http.ResponseWriter, _ *http.Request) {
	s.write(w, http.StatusOK, Greeting{greeting})
}

func (s byHand) search(w http.ResponseWriter, r *http.Request) {
	var problems []Problem
	query := r.URL.Query()
	answer := Search{Q: query.Get("q"), Limit: 20}
	var err error
	if answer.ID, err = strconv.Atoi(r.PathValue("id")); err != nil || answer.ID < 1 {
		problems = append(problems, problem("must be an integer of at least 1", "path", "id"))
	}
	if utf8.RuneCountInString(answer.Q) > 50 {
		problems = append(problems, problem("must have at most 50 characters", "query", "q"))
	}
	if query.Has("limit") {
		if answer.Limit, err = strconv.Atoi(query.Get("limit")); err != nil || answer.Limit < 1 || answer.Limit > 100 {
			problems = append(problems, problem("must be an integer from 1 to 100", "query", "limit"))
		}
	}
	if problems != nil {
		s.write(w, http.StatusUnprocessableEntity, Problems{problems})
		return
	}
	s.write(w, http.StatusOK, answer)
}

func (s byHand) list(w http.ResponseWriter, _ *http.Request) { s.write(w, http.StatusOK, s.items) }

// read decodes the body, or responds that it cannot be decoded.
func (s byHand) read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := s.codec.decode(r.Body, into); err != nil {
		s.write(w, http.StatusUnprocessableEntity, Problems{[]Problem{problem(err.Error(), "body")}})
		return false
	}
	return true
}

func (s byHand) create(w http.ResponseWriter, r *http.Request) {
	var item Item
	if !s.read(w, r, &item) {
		return
	}
	if problems := s.rules.item(&item); problems != nil {
		s.write(w, http.StatusUnprocessableEntity, Problems{problems})
		return
	}
	s.write(w, http.StatusOK, item)
}

func (s byHand) batch(w http.ResponseWriter, r *http.Request) {
	var items []Item
	if !s.read(w, r, &items) {
		return
	}
	var problems []Problem
	for i := range items {
		for _, p := range s.rules.item(&items[i]) {
			problems = append(problems, problem(p.Msg, append([]any{"body", i}, p.Loc[1:]...)...))
		}
	}
	if problems != nil {
		s.write(w, http.StatusUnprocessableEntity, Problems{problems})
		return
	}
	s.write(w, http.StatusOK, Count{len(items)})
}

func (s byHand) me(w http.ResponseWriter, r *http.Request) {
	account, err := s.users.editor(r.Header.Get("Authorization"))
	if err != nil {
		status, challenge, body := refusal(err)
		if challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
		}
		s.write(w, status, body)
		return
	}
	s.write(w, http.StatusOK, account)
}

func (s byHand) odd(w http.ResponseWriter, _ *http.Request) { s.write(w, http.StatusOK, s.oddities) }

func (s byHand) order(w http.ResponseWriter, r *http.Request) {
	var order Order
	if !s.read(w, r, &order) {
		return
	}
	if problems := s.rules.order(&order); problems != nil {
		s.write(w, http.StatusUnprocessableEntity, Problems{problems})
		return
	}
	s.write(w, http.StatusOK, order)
}

func (s byHand) count(w http.ResponseWriter, r *http.Request) {
	var stock map[string]int
	if s.read(w, r, &stock) {
		s.write(w, http.StatusOK, Count{len(stock)})
	}
}

func (s byHand) upload(w http.ResponseWriter, r *http.Request) {
	file, header, err := r.FormFile("file")
	if err != nil {
		s.write(w, http.StatusUnprocessableEntity, Problems{[]Problem{problem(err.Error(), "body", "file")}})
		return
	}
	defer file.Close() //nolint:errcheck // only read
	s.write(w, http.StatusOK, Uploaded{r.PostFormValue("title"), header.Filename, header.Size})
}

var categories = []string{"books", "electronics", "garden", "toys"}

// judgeItem implements the rules of Item.
func judgeItem(item *Item) (problems []Problem) {
	add := func(msg, name string) { problems = append(problems, problem(msg, "body", name)) }
	if n := utf8.RuneCountInString(item.Name); n < 1 || n > 50 {
		add("must have 1 to 50 characters", "name")
	}
	if address, err := mail.ParseAddress(item.Email); err != nil || address.Address != item.Email {
		add("must be an email address", "email")
	}
	if item.Price < 0 || item.Price > 100_000 {
		add("must be from 0 to 100000", "price")
	}
	if item.Quantity < 1 || item.Quantity > 1000 {
		add("must be from 1 to 1000", "quantity")
	}
	if !slices.Contains(categories, item.Category) {
		add("must be books, electronics, garden or toys", "category")
	}
	if len(item.Tags) > 5 {
		add("must have at most 5 items", "tags")
	}
	for i, tag := range item.Tags {
		if n := utf8.RuneCountInString(tag); n < 1 || n > 20 {
			problems = append(problems, problem("must have 1 to 20 characters", "body", "tags", i))
		}
	}
	return problems
}
