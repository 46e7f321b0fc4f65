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

	var home, locker client.Destination
	if err := home.FromDestinationAddress(client.DestinationAddress{Kind: client.Address, Street: "High Street", City: "York"}); err != nil {
		log.Fatal(err)
	}
	created, err := c.DepotPostWithResponse(ctx, nil, client.ParcelIn{To: home, Grams: 7})
	if err != nil || created.JSON201 == nil {
		log.Fatal(err, created.Status())
	}
	fmt.Println(created.StatusCode(), created.JSON201.Priority, created.JSON201.Grams)

	if err := locker.FromDestinationLocker(client.DestinationLocker{Kind: client.Locker, Number: 0, Code: "4711"}); err != nil {
		log.Fatal(err)
	}
	refused, err := c.DepotPostWithResponse(ctx, nil, client.ParcelIn{To: locker, Grams: 7, Priority: new(client.Express)})
	if err != nil || refused.JSON422 == nil {
		log.Fatal(err, refused.Status())
	}
	fault := refused.JSON422.Detail[0]
	fmt.Print(refused.StatusCode(), " ", fault.Type)
	for i, at := range fault.Loc {
		step, err := at.AsValidationErrorLoc0()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(map[bool]string{true: " ", false: ","}[i == 0], step)
	}
	fmt.Println()

	missing, err := c.DepotReadWithResponse(ctx, 99999)
	if err != nil || missing.JSON404 == nil {
		log.Fatal(err, missing.Status())
	}
	fmt.Println(missing.StatusCode(), missing.JSON404.Detail)
}
