package main

import (
	"log"

	"github.com/candor-go/candor"

	"example.com/shop/auth"
	"example.com/shop/products"
)

func newApp(keys auth.Keys) *candor.App {
	app := candor.New(candor.Config{Title: "Shop", Version: "1.0.0"})
	auth.Provide(app, keys)

	v1 := candor.NewRouter("/v1")
	v1.Include(products.Routes())
	app.Include(v1)
	return app
}

func main() {
	if err := newApp(auth.Keys{"k1": {Name: "Ann"}}).Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
