package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** An org of its own for a test: a fork of the one that {@code fauxforce exec} started. */
final class Org implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final OkHttpClient HTTP = new OkHttpClient();

    private final String orgs = System.getenv("FAUXFORCE_CONTROL_URL") + "/orgs/";
    private final JsonNode facts = send("POST", orgs + "default/fork", "{}");

    Org() throws IOException {}

    Offboarding connect() {
        return new Offboarding(System.getenv("SF_INSTANCE_URL"), facts.get("access_token").asText());
    }

    /** A call of the control API of this org. */
    JsonNode control(String method, String path, String body) throws IOException {
        return send(method, orgs + facts.get("name").asText() + path, body);
    }

    @Override
    public void close() throws IOException {
        control("DELETE", "", null);
    }

    private static JsonNode send(String method, String url, String body) throws IOException {
        RequestBody json = body == null ? null : RequestBody.create(body, MediaType.get("application/json"));
        Request request = new Request.Builder().url(url).method(method, json).build();
        try (Response response = HTTP.newCall(request).execute()) {
            String text = response.body().string();
            if (!response.isSuccessful()) {
                throw new IOException(method + " " + url + ": " + response.code() + " " + text);
            }
            return MAPPER.readTree(text);
        }
    }
}
