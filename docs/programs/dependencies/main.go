package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Tenant string

type ReadTenant struct {
	Name string `header:"X-Tenant" validate:"min=1"`
}

func tenant(_ context.Context, in ReadTenant) (Tenant, error) { return Tenant(in.Name), nil }

type Repository struct{ tenant Tenant }

func (r *Repository) Items() []string { return []string{"tea of " + string(r.tenant)} }

type MakeRepository struct {
	Tenant Tenant `dep:""`
}

func repository(_ context.Context, in MakeRepository) (*Repository, error) {
	return &Repository{tenant: in.Tenant}, nil
}

var ErrSuspended = candor.Error(403, "the tenant is suspended")

func active(_ context.Context, in MakeRepository) error {
	if in.Tenant == "evil" {
		return ErrSuspended
	}
	return nil
}

type ListItems struct {
	Repository *Repository `dep:""`
}

func listItems(_ context.Context, in ListItems) ([]string, error) { return in.Repository.Items(), nil }

func main() {
	app := candor.New(candor.Config{Title: "Tenants"}, candor.Require(active, candor.Raises(ErrSuspended)))
	candor.Provide(app, tenant)
	candor.Provide(app, repository)
	candor.Get(app, "/items", listItems)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
