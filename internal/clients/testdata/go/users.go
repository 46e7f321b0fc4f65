package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"example/client"
)

func main() {
	ctx := context.Background()
	c, err := client.NewClientWithResponses(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	created, err := c.RegisterWithResponse(ctx, &client.RegisterParams{}, client.UserIn{Name: "ann", Email: "ann@example.com", Password: "correct horse"})
	if err != nil || created.JSON201 == nil {
		log.Fatal(err, created.Status())
	}
	fmt.Println(created.StatusCode(), created.JSON201.Name, created.JSON201.Role)

	refused, err := c.RegisterWithResponse(ctx, &client.RegisterParams{}, client.UserIn{Name: "eve", Email: "eve@example.com", Password: "short"})
	if err != nil || refused.JSON422 == nil {
		log.Fatal(err, refused.Status())
	}
	fault := refused.JSON422.Detail[0]
	part, err := fault.Loc[0].AsValidationErrorLoc0()
	if err != nil {
		log.Fatal(err)
	}
	name, err := fault.Loc[1].AsValidationErrorLoc0()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d %s %s,%s\n", refused.StatusCode(), fault.Type, part, name)

	withKey := func(_ context.Context, r *http.Request) error {
		r.Header.Set("X-Admin-Key", os.Args[2])
		return nil
	}
	missing, err := c.SetAccessWithResponse(ctx, 99999, client.Access{Role: client.Role("admin")}, withKey)
	if err != nil || missing.JSON404 == nil {
		log.Fatal(err, missing.Status())
	}
	fmt.Println(missing.StatusCode(), missing.JSON404.Detail)
}
