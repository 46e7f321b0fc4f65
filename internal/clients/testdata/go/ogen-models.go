package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"example/client"
)

func main() {
	ctx := context.Background()
	c, err := client.NewClient(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	home := client.NewDestinationAddressDestination(client.DestinationAddress{Kind: "address", Street: "High Street", City: "York"})
	created, err := c.DepotPost(ctx, &client.ParcelIn{To: home, Grams: 7}, client.DepotPostParams{})
	if err != nil {
		log.Fatal(err)
	}
	parcel, ok := created.(*client.DepotPostCreated)
	if !ok {
		log.Fatalf("%T", created)
	}
	fmt.Println(201, parcel.Response.Priority, parcel.Response.Grams)

	locker := client.NewDestinationLockerDestination(client.DestinationLocker{Kind: "locker", Number: 0, Code: "4711"})
	urgent := client.ParcelIn{To: locker, Grams: 7, Priority: client.NewOptPriority(client.PriorityExpress)}
	refused, err := c.DepotPost(ctx, &urgent, client.DepotPostParams{})
	invalid, ok := refused.(*client.HTTPValidationError)
	if err != nil || !ok {
		log.Fatalf("%v %T", err, refused)
	}
	fault := invalid.Detail[0]
	fmt.Printf("422 %s", fault.Type)
	for i, step := range fault.Loc {
		fmt.Print(map[bool]string{true: " ", false: ","}[i == 0], step.String)
	}
	fmt.Println()

	missing, err := c.DepotRead(ctx, client.DepotReadParams{ID: 99999})
	if err != nil {
		log.Fatal(err)
	}
	nothing, ok := missing.(*client.HTTPError)
	if !ok {
		log.Fatalf("%T", missing)
	}
	var detail string
	if err := json.Unmarshal(nothing.Detail, &detail); err != nil {
		log.Fatal(err)
	}
	fmt.Println(404, detail)
}
