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

// UserBase is what everyone may know about an account and its owner may say.
type UserBase struct {
	Name  string `json:"name" validate:"min=2,max=40" pattern:"^[a-z][a-z0-9_-]*$" doc:"What one logs in with" example:"ann"`
	Email string `json:"email" validate:"email,max=200" example:"ann@example.com"`
}

// UserIn is what it takes to register.
type UserIn struct {
	UserBase
	Password string `json:"password" validate:"min=8,max=200" doc:"Is kept as a hash only" example:"correct horse"`
}

// User is what the service tells about an account: not its password.
type User struct {
	ID int64 `json:"id"`
	UserBase
	Role    Role      `json:"role"`
	Created time.Time `json:"created"`
}

// UserChange says what is to change; what it leaves out stays.
type UserChange struct {
	Name  *string `json:"name,omitempty" validate:"min=2,max=40" pattern:"^[a-z][a-z0-9_-]*$"`
	Email *string `json:"email,omitempty" validate:"email,max=200"`
}

// OwnChange is what one may change about oneself.
type OwnChange struct {
	UserChange
	Password *PasswordChange `json:"password,omitempty"`
}

// PasswordChange puts a new password in the place of the old one.
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

// Answers to what clients do wrong.
var (
	errNoUser    = candor.Error(404, "user not found")
	errNameTaken = candor.Error(409, "this name is taken")
)

// Registered is the answer to a registration: the account, and where it is.
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

// register opens an account, and welcomes who has it. The transaction begins when
// the password is hashed.
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

// Paging says which part of a list is asked for.
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

// links leads to the neighbours of a page.
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
// opened then.
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

// pageUsers lists accounts in the order of their registration. The next page begins
// after the last account of this one, whatever is added and deleted in between.
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

// changeUser changes what is given of an account.
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

// readMe shows the own account.
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

// changeMe changes what is given of the own account; a new password needs the old one.
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
