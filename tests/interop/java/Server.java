import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server with the demo's users, whose certificate this program trusts. */
final class Server implements AutoCloseable {
    private static final Path TOP = Path.of("../../..").toAbsolutePath().normalize();
    private static final int PATIENCE = 60;

    private final Process process;
    private final Path folder;
    private final Map<String, String> addresses = new HashMap<>();
    private final HttpClient http;

    /** Runs a server that speaks XMPP over TCP at these addresses; the connection by which Smack's tests make accounts never logs in. */
    Server(String tls, String startTls) throws Exception {
        folder = Files.createTempDirectory("callboard-java-");
        String config = Files.readString(TOP.resolve("deploy/demo.toml"))
            .replace("listen = [\"127.0.0.1:8445\"]", "listen = [\"127.0.0.1:0\"]")
            .replace("listen_plain = []\n", "listen_plain = [\"127.0.0.1:0\"]\nlisten_xmpp = [\"" + tls
                + "\"]\nlisten_xmpp_plain = [\"" + startTls + "\"]\n") + "\n[limits]\nlogin = \"10m\"\n";
        Path file = folder.resolve("callboard.toml");
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, config);
        String program = System.getenv().getOrDefault("CALLBOARD", TOP.resolve("target/debug/callboard").toString());
        process = new ProcessBuilder(program, "serve", "--config", file.toString(), "--state-dir", folder.toString(),
            "--record", "10000", "--log", System.getenv().getOrDefault("CALLBOARD_LOG", "warn")).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader lines = process.inputReader();
        while (addresses.size() < 4) {
            String line = lines.readLine();
            if (line == null) throw new IOException("the server has not started");
            if (line.startsWith("listening ")) {
                String[] parts = line.split(" ")[1].split("://");
                addresses.put(parts[0], parts[1]);
            }
        }
        trust();
        http = HttpClient.newHttpClient();
    }

    /** Has all of Java trust the certificate, as the manual says. */
    private void trust() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        // Not by HttpClient, which reads the list of those that are trusted, once for all.
        try (var pem = uri("/callboard/certificate.pem").toURL().openStream()) {
            store.setCertificateEntry("callboard", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        Path file = folder.resolve("trust.p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, "changeit".toCharArray());
        }
        System.setProperty("javax.net.ssl.trustStore", file.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
    }

    /** The port of a scheme: https, http, xmpps or xmpp. */
    int port(String scheme) {
        return Integer.parseInt(addresses.get(scheme).replaceFirst(".*:", ""));
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port("http") + path);
    }

    /** What a request of a user gets; another status than 2xx is an error. */
    String ask(String user, String password, String method, String path, String type, String body) throws Exception {
        String login = Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
        HttpRequest request = HttpRequest.newBuilder(uri(path)).header("Authorization", "Basic " + login).header("Content-Type", type)
            .method(method, HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new IOException(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    /** What a request of an administrator gets. */
    String ask(String method, String path, String body) throws Exception {
        return ask("administrator", "1234", method, path, "application/x-www-form-urlencoded", body);
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        boolean ended = process.waitFor(PATIENCE, TimeUnit.SECONDS);
        if (!ended) process.destroyForcibly();
        try (var files = Files.walk(folder)) {
            files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
        }
        if (!ended || process.exitValue() != 0) throw new IOException("the server has not ended as it should");
    }
}
