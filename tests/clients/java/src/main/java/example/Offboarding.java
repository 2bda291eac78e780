package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** The code under test: an integration as it would ship. It knows nothing of fauxforce. */
public final class Offboarding {
    /** What Salesforce refused, and why. */
    public static final class Refused extends IOException {
        /** The status of the answer. */
        public final int status;
        /** Salesforce's errorCode. */
        public final String errorCode;

        Refused(int status, JsonNode error) {
            super(error.path("message").asText());
            this.status = status;
            this.errorCode = error.path("errorCode").asText();
        }
    }

    private static final MediaType JSON = MediaType.get("application/json");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final OkHttpClient http = new OkHttpClient();
    private final HttpUrl data;
    private final String accessToken;

    public Offboarding(String instanceUrl, String accessToken) {
        this.data = HttpUrl.get(instanceUrl + "/services/data/v66.0/");
        this.accessToken = accessToken;
    }

    /** The rows of a query's first page. */
    public JsonNode query(String soql) throws IOException {
        HttpUrl url = data.newBuilder().addPathSegment("query").addQueryParameter("q", soql).build();
        return send(new Request.Builder().url(url)).path("records");
    }

    /** Creates a record and returns its id. */
    public String create(String object, String fields) throws IOException {
        HttpUrl url = data.newBuilder().addPathSegment("sobjects").addPathSegment(object).build();
        Request.Builder post = new Request.Builder().url(url).post(RequestBody.create(fields, JSON));
        return send(post).path("id").asText();
    }

    /** Deactivates a user and returns how many attempts it took. A locked row is tried again. */
    public int deactivate(String username) throws IOException {
        String id = query("SELECT Id FROM User WHERE Username = '" + username + "'").get(0).get("Id").asText();
        HttpUrl url = data.newBuilder().addPathSegments("sobjects/User").addPathSegment(id).build();
        for (int attempt = 1; ; attempt++) {
            try {
                send(new Request.Builder().url(url).patch(RequestBody.create("{\"IsActive\":false}", JSON)));
                return attempt;
            } catch (Refused refusal) {
                if (attempt == 3 || !refusal.errorCode.equals("UNABLE_TO_LOCK_ROW")) {
                    throw refusal;
                }
            }
        }
    }

    private JsonNode send(Request.Builder request) throws IOException {
        request.header("Authorization", "Bearer " + accessToken);
        try (Response response = http.newCall(request.build()).execute()) {
            JsonNode answer = MAPPER.readTree(response.body().string());
            if (!response.isSuccessful()) {
                throw new Refused(response.code(), answer.path(0));
            }
            return answer;
        }
    }
}
