package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"example/client"
)

func main() {
	ctx := context.Background()
	c, err := client.NewClientWithResponses(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	created, err := c.CreateItemWithResponse(ctx, client.ItemIn{Name: "Laptop", Price: 19.5})
	if err != nil || created.JSON201 == nil {
		log.Fatal(err, created.Status())
	}
	item := created.JSON201
	fmt.Println(created.StatusCode(), item.Name, item.Price, item.InStock)

	refused, err := c.CreateItemWithResponse(ctx, client.ItemIn{Name: "", Price: 1})
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

	missing, err := c.ReadItemWithResponse(ctx, 99999, nil)
	if err != nil || missing.JSON404 == nil {
		log.Fatal(err, missing.Status())
	}
	fmt.Println(missing.StatusCode(), missing.JSON404.Detail)
}
