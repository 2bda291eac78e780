package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** What fauxforce is for: a fork per test, a fault, an advance of the clock, a diff. */
class RecipeTest {
    private static final String MANAGER = "ngozi.okafor@example.com";

    private Org org;
    private Offboarding offboarding;

    @BeforeEach
    void fork() throws IOException {
        org = new Org();
        offboarding = org.connect();
    }

    @AfterEach
    void drop() throws IOException {
        org.close();
    }

    @RepeatedTest(2)
    void eachTestHasAnOrgOfItsOwn() throws IOException {
        // The second turn would find the first one's record if they shared an org.
        String acme = "SELECT Id FROM Account WHERE Name = 'Acme'";
        assertEquals(0, offboarding.query(acme).size());
        offboarding.create("Account", "{\"Name\":\"Acme\"}");
        assertEquals(1, offboarding.query(acme).size());
    }

    @Test
    void aLockedRowIsTriedAgain() throws IOException {
        org.control("POST", "/faults", """
            {"match":{"object":"User","operation":"update"},"when":{"times":2},"then":{"error":"UNABLE_TO_LOCK_ROW"}}""");
        assertEquals(3, offboarding.deactivate(MANAGER));
        JsonNode counted = org.control("POST", "/requests/verify", """
            {"method":"PATCH","object":"User","operation":"update","times":{"exactly":3}}""");
        assertTrue(counted.get("matched").asBoolean(), counted.toString());
    }

    @Test
    void theSessionEndsAfterThreeHours() throws IOException {
        offboarding.query("SELECT Id FROM Organization");
        org.control("PUT", "/clock", "{\"advance\":\"PT3H\"}");
        Offboarding.Refused refusal = assertThrows(
            Offboarding.Refused.class, () -> offboarding.query("SELECT Id FROM Organization"));
        assertEquals(401, refusal.status);
        assertEquals("INVALID_SESSION_ID", refusal.errorCode);
    }

    @Test
    void whatChangedIsOneUserAndASeat() throws IOException {
        org.control("PUT", "/snapshots/before", "{}");
        offboarding.deactivate(MANAGER);
        JsonNode objects = org.control("GET", "/diff?from=before", null).get("objects");
        // Who is deactivated gives the seat back.
        assertEquals(2, objects.size(), objects.toString());
        assertTrue(objects.has("UserLicense"), objects.toString());
        JsonNode updated = objects.get("User").get("updated");
        assertEquals(1, updated.size());
        assertTrue(updated.get(0).get("before").get("IsActive").asBoolean());
        assertFalse(updated.get(0).get("after").get("IsActive").asBoolean(true));
    }
}
