// Package offboarding is the code under test: an integration as it would ship. It knows nothing of
// fauxforce.
package offboarding

import (
	"fmt"
	"strings"

	"github.com/k-capehart/go-salesforce/v3"
)

// User is what the integration reads and writes of a user.
type User struct {
	Id       string
	IsActive bool
}

// Deactivate deactivates a user and returns how many attempts it took. A locked row is tried again.
func Deactivate(sf *salesforce.Salesforce, username string) (int, error) {
	var users []User
	query := fmt.Sprintf("SELECT Id, IsActive FROM User WHERE Username = '%s'", username)
	if err := sf.Query(query, &users); err != nil {
		return 0, err
	}
	if len(users) != 1 {
		return 0, fmt.Errorf("%d users are called %s", len(users), username)
	}
	for attempt := 1; ; attempt++ {
		err := sf.UpdateOne("User", User{Id: users[0].Id, IsActive: false})
		if err == nil || attempt == 3 || !strings.Contains(err.Error(), "UNABLE_TO_LOCK_ROW") {
			return attempt, err
		}
	}
}
