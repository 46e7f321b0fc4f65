package benchmarks

import (
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"
)

// Order is the body and the response of POST /orders: thirty members in five objects; five members are optional. It has
// the tags of all contenders.
type Order struct {
	ID       string      `json:"id" validate:"max=40" binding:"max=40" maxLength:"40"`
	Placed   string      `json:"placed"`
	Currency string      `json:"currency" validate:"oneof=EUR GBP USD" binding:"oneof=EUR GBP USD" enum:"EUR,GBP,USD"`
	Note     string      `json:"note,omitempty"`
	Customer Customer    `json:"customer"`
	Shipping Shipping    `json:"shipping"`
	Payment  Payment     `json:"payment"`
	Lines    []OrderLine `json:"lines" validate:"min=1,max=50,dive" binding:"min=1,max=50,dive" minItems:"1" maxItems:"50"`
}

// Customer is the customer of an order.
type Customer struct {
	Name    string  `json:"name"`
	Email   string  `json:"email" validate:"email" binding:"email" format:"email"`
	Phone   string  `json:"phone,omitempty"`
	VIP     bool    `json:"vip"`
	Address Address `json:"address"`
}

// Address is a postal address.
type Address struct {
	Street  string `json:"street"`
	City    string `json:"city"`
	ZIP     string `json:"zip"`
	Country string `json:"country"`
}

// Shipping describes how an order is shipped.
type Shipping struct {
	Carrier  string  `json:"carrier"`
	Express  bool    `json:"express"`
	Weight   float64 `json:"weight"`
	Tracking string  `json:"tracking,omitempty"`
}

// Payment describes how an order is paid.
type Payment struct {
	Method    string  `json:"method"`
	Amount    float64 `json:"amount"`
	Paid      bool    `json:"paid"`
	Reference string  `json:"reference,omitempty"`
}

// OrderLine is one line of an order.
type OrderLine struct {
	SKU      string  `json:"sku"`
	Title    string  `json:"title"`
	Quantity int     `json:"quantity" validate:"gte=1,lte=1000" binding:"gte=1,lte=1000" minimum:"1" maximum:"1000"`
	Price    float64 `json:"price"`
	Tax      float64 `json:"tax"`
	Discount float64 `json:"discount,omitempty,omitzero"`
}

var currencies = []string{"EUR", "GBP", "USD"}

// judgeOrder implements the rules of Order.
func judgeOrder(order *Order) (problems []Problem) {
	if utf8.RuneCountInString(order.ID) > 40 {
		problems = append(problems, problem("must have at most 40 characters", "body", "id"))
	}
	if !slices.Contains(currencies, order.Currency) {
		problems = append(problems, problem("must be EUR, GBP or USD", "body", "currency"))
	}
	if address, err := mail.ParseAddress(order.Customer.Email); err != nil || address.Address != order.Customer.Email {
		problems = append(problems, problem("must be an email address", "body", "customer", "email"))
	}
	if n := len(order.Lines); n < 1 || n > 50 {
		problems = append(problems, problem("must have 1 to 50 items", "body", "lines"))
	}
	for i := range order.Lines {
		if n := order.Lines[i].Quantity; n < 1 || n > 1000 {
			problems = append(problems, problem("must be from 1 to 1000", "body", "lines", i, "quantity"))
		}
	}
	return problems
}

// Uploaded is the response of POST /upload.
type Uploaded struct {
	Title string `json:"title"`
	Name  string `json:"name"`
	Size  int64  `json:"size"`
}

// oddities returns a hundred items that are hard to write as JSON.
func oddities() []Item {
	items := stock()
	for i := range items {
		items[i].Name = "Größe \"XL\" <neu> & \\ клавиатура\n無線 😀"
		items[i].Tags = []string{"tab\there", "«ёлка»"}
	}
	return items
}

// oddItem is OneItem in an unusual form: members in reverse order, indented, with escapes and characters of several
// bytes.
const oddItem = `{
    "tags": [
        "\u0065lectronics",
        "клавиатуры",
        "無線"
    ],
    "category": "\u0065lectronics",
    "quantity": 25,
    "price": 1.2995e2,
    "email": "purchasing\u0040warehouse.example.com",
    "name": "Gr\u00f6\u00dfe \"XL\" \u2014 клавиатура, 無線 \ud83d\ude00"
}`

// otherFaults violates the rules of name, email, price and category.
const otherFaults = `{"name":"","email":"purchasing.warehouse.example.com","price":-129.95,` +
	`"quantity":25,"category":"furniture","tags":["electronics","keyboards","wireless"]}`

// oneOrder is an order with three lines and all members.
const oneOrder = `{"id":"order-2026-000042","placed":"2026-11-21T14:00:00Z","currency":"EUR","note":"please ring twice",` +
	`"customer":{"name":"Ann Example","email":"ann@example.com","phone":"+49 30 1234567","vip":true,` +
	`"address":{"street":"Long Street 17","city":"Berlin","zip":"10115","country":"DE"}},` +
	`"shipping":{"carrier":"post","express":false,"weight":2.75,"tracking":"JD0123456789"},` +
	`"payment":{"method":"invoice","amount":418.35,"paid":false,"reference":"RF18-5390-0754"},` +
	`"lines":[{"sku":"kb-100","title":"Wireless mechanical keyboard","quantity":2,"price":129.95,"tax":0.19,"discount":0.05},` +
	`{"sku":"ms-200","title":"Mouse","quantity":1,"price":49.5,"tax":0.19,"discount":0.1},` +
	`{"sku":"cb-300","title":"Cable","quantity":10,"price":10.9,"tax":0.19,"discount":0.2}]}`

// oddOrder is an order without the optional members, except for a long note.
var oddOrder = `{
  "lines": [
    { "tax": 1.9e-1, "price": 129.95, "quantity": 2, "title": "Gr\u00f6\u00dfe \"XL\" клавиатура", "sku": "kb-100" },
    { "tax": 1.9e-1, "price": 49.5, "quantity": 1, "title": "\u30de\u30a6\u30b9 無線", "sku": "ms-200" },
    { "tax": 1.9e-1, "price": 10.9, "quantity": 10, "title": "C\u00e2ble\n\t\u20ac", "sku": "cb-300" }
  ],
  "payment": { "paid": false, "amount": 41835e-2, "method": "invoice" },
  "shipping": { "weight": 2.75, "express": false, "carrier": "post" },
  "customer": {
    "address": { "country": "DE", "zip": "10115", "city": "K\u00f6ln", "street": "Stra\u00dfe \"am Markt\" 17" },
    "vip": true, "email": "ann\u0040example.com", "name": "\u0410\u043d\u043d\u0430"
  },
  "note": "` + strings.Repeat(`пожалуйста, \"ring twice\"\n`, 60) + `",
  "currency": "\u0045UR", "placed": "2026-11-21T14:00:00Z", "id": "order-2026-000042"
}`

// largeMap returns an object with a thousand numbers.
func largeMap() string {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, `,"article-%04d":%d`, i, i*7)
	}
	return "{" + b.String()[1:] + "}"
}

// upload returns a form with a title and a file of 256 KB.
func upload() Request {
	const part = "--boundary\r\nContent-Disposition: form-data; name="
	text := strings.Repeat("a line of a text that someone uploads as a file\n", 256_000/48)
	return Request{
		Method: http.MethodPost, Target: "/upload", Header: "Content-Type: multipart/form-data; boundary=boundary\r\n",
		Body: part + "\"title\"\r\n\r\nminutes\r\n" +
			part + "\"file\"; filename=\"minutes.txt\"\r\nContent-Type: text/plain\r\n\r\n" + text + "\r\n--boundary--\r\n",
	}
}

// MoreWorkloads lists workloads with unusual inputs and responses.
func MoreWorkloads() []Workload {
	return []Workload{
		{"W3u", "W3 with members the other way round, indented, with escapes and characters of several bytes", Items, post("/items", oddItem), 200},
		{"W4u", "W4 with texts that need escapes and have characters of several bytes", Items, get("/oddities"), 200},
		{"W6u", "W6 with a text too short, a negative price, an address without @ and a word that is none of the list", Items, post("/items", otherFaults), 422},
		{"W7u", "W7, each as in W3u", Items, post("/items/batch", Batch(oddItem)), 200},
		{"nested", "`POST /orders`, thirty members in five objects, 1 KB; answers the order", Items, post("/orders", oneOrder), 200},
		{"nested u", "the same as in W3u, without four members that may be absent, with a text of 3 KB", Items, post("/orders", oddOrder), 200},
		{"map", "`POST /stock`, an object of 1,000 numbers", Items, post("/stock", largeMap()), 200},
		{"upload", "`POST /upload`, a form with a file of 256 KB", Items, []Request{upload()}, 200},
	}
}
