package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"example/client"
)

// key is the only security scheme used.
type key struct{}

func (key) APIKeyHeader(context.Context, client.OperationName) (client.APIKeyHeader, error) {
	return client.APIKeyHeader{APIKey: os.Args[2]}, nil
}

func (key) Password(context.Context, client.OperationName) (client.Password, error) {
	return client.Password{}, nil
}

func main() {
	ctx := context.Background()
	c, err := client.NewClient(os.Args[1], key{})
	if err != nil {
		log.Fatal(err)
	}
	created, err := c.Register(ctx, &client.UserIn{Name: "cid", Email: "cid@example.com", Password: "correct horse"}, client.RegisterParams{})
	if err != nil {
		log.Fatal(err)
	}
	with, ok := created.(*client.UserHeaders)
	if !ok {
		log.Fatalf("%T", created)
	}
	user := with.Response
	fmt.Println(201, user.Name, user.Role)

	refused, err := c.Register(ctx, &client.UserIn{Name: "eve", Email: "eve@example.com", Password: "short"}, client.RegisterParams{})
	invalid, ok := refused.(*client.HTTPValidationErrorHeaders)
	if err != nil || !ok {
		log.Fatalf("%v %T", err, refused)
	}
	fault := invalid.Response.Detail[0]
	fmt.Printf("422 %s %s,%s\n", fault.Type, fault.Loc[0].String, fault.Loc[1].String)

	missing, err := c.SetAccess(ctx, &client.Access{Role: "admin"}, client.SetAccessParams{UserID: 99999})
	if err != nil {
		log.Fatal(err)
	}
	nobody, ok := missing.(*client.SetAccessNotFound)
	if !ok {
		log.Fatalf("%T", missing)
	}
	var detail string
	if err := json.Unmarshal(nobody.Detail, &detail); err != nil {
		log.Fatal(err)
	}
	fmt.Println(404, detail)
}
