package offboarding

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/k-capehart/go-salesforce/v3"
)

// What fauxforce is for: a fork per test, a fault, an advance of the clock, a diff.

const manager = "ngozi.okafor@example.com"

// org is an org of its own for a test: a fork of the one that `fauxforce exec` started.
type org struct {
	t                        *testing.T
	Name, Username, Password string
	SecurityToken            string `json:"security_token"`
	AccessToken              string `json:"access_token"`
	ClientID                 string `json:"client_id"`
	ClientSecret             string `json:"client_secret"`
}

func fork(t *testing.T) *org {
	t.Helper()
	fork := &org{t: t}
	send(t, "POST", "/orgs/default/fork", map[string]any{}, fork)
	t.Cleanup(func() { fork.control("DELETE", "", nil, nil) })
	return fork
}

// control calls the control API of this org.
func (o *org) control(method, path string, body, answer any) {
	o.t.Helper()
	send(o.t, method, "/orgs/"+o.Name+path, body, answer)
}

func send(t *testing.T, method, path string, body, answer any) {
	t.Helper()
	sent, err := json.Marshal(body)
	must(t, err)
	request, err := http.NewRequest(method, os.Getenv("FAUXFORCE_CONTROL_URL")+path, bytes.NewReader(sent))
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode >= 400 {
		t.Fatalf("%s %s: %d %s", method, path, response.StatusCode, got)
	}
	if answer != nil {
		must(t, json.Unmarshal(got, answer))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (o *org) connect() *salesforce.Salesforce {
	o.t.Helper()
	sf, err := salesforce.Init(salesforce.Creds{
		Domain:      os.Getenv("SF_INSTANCE_URL"),
		AccessToken: o.AccessToken,
	})
	must(o.t, err)
	return sf
}

func count(t *testing.T, sf *salesforce.Salesforce, query string) int {
	t.Helper()
	var rows []map[string]any
	must(t, sf.Query(query, &rows))
	return len(rows)
}

func TestEachTestHasAnOrgOfItsOwn(t *testing.T) {
	// The second turn would find the first one's record if they shared an org.
	for range 2 {
		sf := fork(t).connect()
		acme := "SELECT Id FROM Account WHERE Name = 'Acme'"
		if found := count(t, sf, acme); found != 0 {
			t.Fatalf("%d before the first", found)
		}
		_, err := sf.InsertOne("Account", map[string]any{"Name": "Acme"})
		must(t, err)
		if found := count(t, sf, acme); found != 1 {
			t.Fatalf("%d after the first", found)
		}
	}
}

func TestALockedRowIsTriedAgain(t *testing.T) {
	org := fork(t)
	org.control("POST", "/faults", map[string]any{
		"match": map[string]any{"object": "User", "operation": "update"},
		"when":  map[string]any{"times": 2},
		"then":  map[string]any{"error": "UNABLE_TO_LOCK_ROW"},
	}, nil)
	attempts, err := Deactivate(org.connect(), manager)
	must(t, err)
	if attempts != 3 {
		t.Fatalf("%d attempts", attempts)
	}
	var counted struct{ Matched bool }
	org.control("POST", "/requests/verify", map[string]any{
		"method": "PATCH", "object": "User", "operation": "update", "times": map[string]any{"exactly": 3},
	}, &counted)
	if !counted.Matched {
		t.Fatal("the journal holds no three updates")
	}
}

func TestTheSessionEndsAfterThreeHours(t *testing.T) {
	org := fork(t)
	sf := org.connect()
	count(t, sf, "SELECT Id FROM Organization")
	org.control("PUT", "/clock", map[string]any{"advance": "PT3H"}, nil)
	var rows []map[string]any
	err := sf.Query("SELECT Id FROM Organization", &rows)
	if err == nil || !strings.Contains(err.Error(), "unable to refresh session") {
		t.Fatalf("not refused as expired: %v", err)
	}
}

func TestWhatChangedIsOneUserAndASeat(t *testing.T) {
	org := fork(t)
	org.control("PUT", "/snapshots/before", map[string]any{}, nil)
	_, err := Deactivate(org.connect(), manager)
	must(t, err)
	var diff struct {
		Objects map[string]struct {
			Created, Deleted []any
			Updated          []struct{ Before, After map[string]any }
		}
	}
	org.control("GET", "/diff?from=before", nil, &diff)
	// Who is deactivated gives the seat back.
	updated, seats := diff.Objects["User"].Updated, diff.Objects["UserLicense"].Updated
	if len(diff.Objects) != 2 || len(updated) != 1 || len(seats) != 1 {
		t.Fatalf("not one user and a seat: %v", diff.Objects)
	}
	if updated[0].Before["IsActive"] != true || updated[0].After["IsActive"] != false {
		t.Fatalf("not a deactivation: %v", updated)
	}
}

func TestEveryLogin(t *testing.T) {
	org := fork(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	login := os.Getenv("SF_LOGIN_URL")
	for name, creds := range map[string]salesforce.Creds{
		"password": {
			Domain: login, Username: org.Username, Password: org.Password, SecurityToken: org.SecurityToken,
			ConsumerKey: org.ClientID, ConsumerSecret: org.ClientSecret,
		},
		"client credentials": {Domain: login, ConsumerKey: org.ClientID, ConsumerSecret: org.ClientSecret},
		"JWT": {
			Domain: login, Username: org.Username, ConsumerKey: org.ClientID, ConsumerRSAPem: string(private),
		},
	} {
		t.Run(name, func(t *testing.T) {
			sf, err := salesforce.Init(creds)
			must(t, err)
			_, err = sf.InsertOne("Account", map[string]any{"Name": name})
			must(t, err)
			// It is the fork that was logged in to.
			if found := count(t, org.connect(), "SELECT Id FROM Account WHERE Name = '"+name+"'"); found != 1 {
				t.Fatalf("%d in the fork", found)
			}
		})
	}
}

func TestCollectionsAndPages(t *testing.T) {
	sf := fork(t).connect()
	var accounts []map[string]any
	for range 450 {
		accounts = append(accounts, map[string]any{"Name": "Bulk of them"})
	}
	results, err := sf.InsertCollection("Account", accounts, 200)
	must(t, err)
	if results.HasSalesforceErrors || len(results.Results) != 450 {
		t.Fatalf("%d results", len(results.Results))
	}
	if found := count(t, sf, "SELECT Id FROM Account WHERE Name = 'Bulk of them'"); found != 450 {
		t.Fatalf("%d found", found)
	}
	wrong, err := sf.InsertCollection("Account", []map[string]any{{"Name": "Good"}, {"Name": ""}}, 200)
	must(t, err)
	if !wrong.HasSalesforceErrors || wrong.Results[1].Errors[0].StatusCode != "REQUIRED_FIELD_MISSING" {
		t.Fatalf("not refused: %v", wrong)
	}
}
