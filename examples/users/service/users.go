package service

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/paging"
)

// UserBase has the public members of an account that its owner may set.
type UserBase struct {
	Name  string `json:"name" validate:"min=2,max=40" pattern:"^[a-z][a-z0-9_-]*$" doc:"What one logs in with" example:"ann"`
	Email string `json:"email" validate:"email,max=200" example:"ann@example.com"`
}

// UserIn is a registration.
type UserIn struct {
	UserBase
	Password string `json:"password" validate:"min=8,max=200" doc:"Is kept as a hash only" example:"correct horse"`
}

// User is an account without its password.
type User struct {
	ID int64 `json:"id"`
	UserBase
	Role    Role      `json:"role"`
	Created time.Time `json:"created"`
}

// UserChange changes an account. Absent members stay as they are.
type UserChange struct {
	Name  *string `json:"name,omitempty" validate:"min=2,max=40" pattern:"^[a-z][a-z0-9_-]*$"`
	Email *string `json:"email,omitempty" validate:"email,max=200"`
}

// OwnChange changes the user's own account.
type OwnChange struct {
	UserChange
	Password *PasswordChange `json:"password,omitempty"`
}

// PasswordChange replaces the old password with a new one.
type PasswordChange struct {
	Old string `json:"old"`
	New string `json:"new" validate:"min=8,max=200"`
}

func (c UserChange) apply(u *account) {
	if c.Name != nil {
		u.Name = *c.Name
	}
	if c.Email != nil {
		u.Email = *c.Email
	}
}

// UserRef names an account in a path.
type UserRef struct {
	UserID int64 `path:"user_id" validate:"gte=1"`
}

// The error responses.
var (
	errNoUser    = candor.Error(404, "user not found")
	errNameTaken = candor.Error(409, "this name is taken")
)

// Registered is the response to a registration: the account and its URL.
type Registered struct {
	Location string `header:"Location"`
	Body     User   `body:""`
}

// Register is the input of register.
type Register struct {
	Body     UserIn                 `body:""`
	Accounts candor.Lazy[*accounts] `dep:""`
	Hasher   *hasher                `dep:""`
	Welcome  welcome                `dep:""`
	Request  *http.Request
}

// register creates an account and sends a welcome. The transaction begins after
// the password has been hashed.
func register(ctx context.Context, in Register) (Registered, error) {
	hash, err := in.Hasher.hash(ctx, in.Body.Password)
	if err != nil {
		return Registered{}, err
	}
	accounts, err := in.Accounts.Get(ctx)
	if err != nil {
		return Registered{}, err
	}
	user, err := accounts.add(ctx, in.Body, hash)
	if err != nil {
		return Registered{}, err
	}
	if err := in.Welcome(ctx, user); err != nil {
		return Registered{}, err
	}
	return Registered{Location: in.Request.URL.Path + "/" + strconv.FormatInt(user.ID, 10), Body: user}, nil
}

// Users is a page of accounts, with links to the others (RFC 8288).
type Users struct {
	Link  string `header:"Link,omitempty" doc:"The pages before and after this one"`
	Total int    `header:"X-Total-Count" doc:"How many accounts there are"`
	Body  []User `body:""`
}

// Paging selects a part of a list.
type Paging struct {
	Skip  int `query:"skip" default:"0" validate:"gte=0,lte=1000000"`
	Limit int `query:"limit" default:"20" validate:"gte=1,lte=100"`
}

// ListUsers is the input of listUsers.
type ListUsers struct {
	Paging
	Accounts *accounts `dep:""`
	Request  *http.Request
}

// listUsers lists accounts, page by page.
func listUsers(ctx context.Context, in ListUsers) (page Users, err error) {
	if page.Total, err = in.Accounts.count(ctx); err != nil {
		return Users{}, err
	}
	page.Link = in.links(in.Request.URL.Path, page.Total)
	page.Body, err = in.Accounts.list(ctx, in.Skip, in.Limit)
	return page, err
}

// links returns links to the neighbouring pages.
func (p Paging) links(path string, total int) string {
	var links []string
	link := func(skip int, rel string) {
		query := url.Values{"skip": {strconv.Itoa(skip)}, "limit": {strconv.Itoa(p.Limit)}}
		links = append(links, fmt.Sprintf(`<%s?%s>; rel=%q`, path, query.Encode(), rel))
	}
	if p.Skip > 0 {
		link(max(p.Skip-p.Limit, 0), "prev")
	}
	if next := p.Skip + p.Limit; next < total {
		link(next, "next")
	}
	return strings.Join(links, ", ")
}

// registration is where a page of version 2 begins: after the account that was
// registered then.
type registration struct {
	Created, ID int64
}

var cursors = paging.Plain[registration]()

// PageUsers is the input of pageUsers.
type PageUsers struct {
	paging.Query
	Accounts *accounts `dep:""`
	Request  *http.Request
}

// pageUsers lists accounts in the order of their registration. The next page
// begins after the last account of this one, even if accounts are added or
// deleted in between.
func pageUsers(ctx context.Context, in PageUsers) (paging.Linked[User], error) {
	after, err := cursors.Position(in.After)
	if err != nil {
		return paging.Linked[User]{}, err
	}
	found, err := in.Accounts.page(ctx, after, in.Fetch())
	if err != nil {
		return paging.Linked[User]{}, err
	}
	return paging.Of(in.Query, in.Request, found, func(last User) (paging.Cursor, error) {
		return cursors.At(registration{last.Created.UnixMilli(), last.ID})
	})
}

// ReadUser is the input of readUser.
type ReadUser struct {
	UserRef
	Accounts *accounts `dep:""`
}

// readUser shows an account.
func readUser(ctx context.Context, in ReadUser) (User, error) {
	found, err := in.Accounts.byID(ctx, in.UserID)
	return found.User, err
}

// ChangeUser is the input of changeUser.
type ChangeUser struct {
	UserRef
	Body     UserChange `body:""`
	Accounts *accounts  `dep:""`
}

// changeUser changes members of an account.
func changeUser(ctx context.Context, in ChangeUser) (User, error) {
	found, err := in.Accounts.byID(ctx, in.UserID)
	if err != nil {
		return User{}, err
	}
	in.Body.apply(&found)
	return found.User, in.Accounts.save(ctx, found)
}

// DeleteUser is the input of deleteUser.
type DeleteUser struct {
	UserRef
	Accounts *accounts `dep:""`
}

// deleteUser deletes an account.
func deleteUser(ctx context.Context, in DeleteUser) (candor.None, error) {
	return candor.None{}, in.Accounts.delete(ctx, in.UserID)
}

// ReadMe is the input of readMe.
type ReadMe struct {
	Me *User `dep:""`
}

// readMe shows the user's own account.
func readMe(_ context.Context, in ReadMe) (User, error) {
	return *in.Me, nil
}

// ChangeMe is the input of changeMe.
type ChangeMe struct {
	Body     OwnChange `body:""`
	Me       *User     `dep:""`
	Accounts *accounts `dep:""`
	Hasher   *hasher   `dep:""`
}

// changeMe changes members of the user's own account; a new password needs the
// old one.
func changeMe(ctx context.Context, in ChangeMe) (User, error) {
	found, err := in.Accounts.byID(ctx, in.Me.ID)
	if err != nil {
		return User{}, err
	}
	in.Body.apply(&found)
	if change := in.Body.Password; change != nil {
		if found.hash, err = in.Hasher.replace(ctx, found.hash, *change); err != nil {
			return User{}, err
		}
	}
	return found.User, in.Accounts.save(ctx, found)
}
