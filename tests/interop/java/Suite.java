import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

import org.igniterealtime.smack.inttest.Configuration;
import org.igniterealtime.smack.inttest.SmackIntegrationTestFramework;
import org.igniterealtime.smack.inttest.TestResult;
import org.igniterealtime.smack.inttest.XmppConnectionDescriptor;
import org.igniterealtime.smack.inttest.XmppConnectionManager;
import org.jivesoftware.smack.c2s.ModularXmppClientToServerConnection;
import org.jivesoftware.smack.c2s.ModularXmppClientToServerConnectionConfiguration;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jivesoftware.smackx.iqregister.AccountManager;
import org.jivesoftware.smack.websocket.XmppWebSocketTransportModuleDescriptor;

/**
 * Smack's own integration tests, whose results have to be those of expected.txt:
 *
 *     run suite                    those that have to pass, over TCP
 *     run suite --websocket        those that have to pass, over WebSocket
 *     run suite --all              all of them, over TCP
 *     run suite --host=ADDRESS     prints what comes of all at another server at port 5222: its domain is localhost, it registers
 *                                  accounts, and JAVA_TOOL_OPTIONS may name a list with its certificate
 */
public final class Suite {
    private static final String NICKNAME = "callboard";

    public static void main(String[] options) throws Exception {
        boolean all = false;
        boolean overWebSocket = false;
        String host = null;
        for (String option : options) {
            if (option.equals("--all")) all = true;
            else if (option.equals("--websocket")) overWebSocket = true;
            else if (option.startsWith("--host=")) host = option.substring(7);
            else throw new IllegalArgumentException("there is no option " + option);
        }
        Logger.getLogger("").setLevel(System.getenv("VERBOSE") == null ? Level.OFF : Level.INFO);
        if (host != null) {
            results(host, null, null).forEach((test, result) -> System.out.println(result + "  " + test));
            System.exit(0);
        }
        Map<String, String> expected = expected(all);
        Map<String, String> results;
        // Smack's tests want port 5222: an address of this run has it for sure.
        var random = ThreadLocalRandom.current();
        host = "127." + random.nextInt(2, 250) + "." + random.nextInt(2, 250) + "." + random.nextInt(2, 250);
        try (Server server = new Server(host + ":5223", host + ":5222")) {
            Tcp.accounts = new Accounts(server);
            URI webSocket = overWebSocket ? URI.create("wss://localhost:" + server.port("https") + "/ws/") : null;
            results = results(host, webSocket, all ? null : expected.keySet());
        }
        Set<String> names = new TreeSet<>(expected.keySet());
        names.addAll(results.keySet());
        int wrong = 0;
        for (String name : names) {
            String wanted = expected.getOrDefault(name, "not there");
            String found = results.getOrDefault(name, "not there");
            if (wanted.equals(found)) continue;
            wrong++;
            System.out.println("FAILED  smack's test " + name + ": " + found + ", and expected.txt has: " + wanted);
        }
        System.out.println((names.size() - wrong) + " of " + names.size() + " of smack's tests are as expected.txt has them");
        System.exit(wrong > 0 ? 1 : 0);
    }

    /** The results of expected.txt by test; all of them, or those that have to pass. */
    private static Map<String, String> expected(boolean all) throws Exception {
        Map<String, String> expected = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("expected.txt"))) {
            String[] words = line.split(" +");
            if (words.length == 2 && !line.startsWith("#") && (all || words[0].equals("passed"))) expected.put(words[1], words[0]);
        }
        return expected;
    }

    /** What has come of each test of these names, or of all; the reasons go to standard error. */
    private static Map<String, String> results(String host, URI webSocket, Set<String> tests) throws Exception {
        if (webSocket == null) {
            XmppConnectionManager.addConnectionDescriptor(
                XmppConnectionDescriptor.buildWith(Tcp.class, XMPPTCPConnectionConfiguration.class).withNickname(NICKNAME).build());
        } else {
            XmppConnectionManager.addConnectionDescriptor(XmppConnectionDescriptor.buildWith(ModularXmppClientToServerConnection.class,
                ModularXmppClientToServerConnectionConfiguration.class, ModularXmppClientToServerConnectionConfiguration.Builder.class)
                .withNickname(NICKNAME).applyExtraConfiguration(builder -> {
                    builder.removeAllModules();
                    builder.addModule(XmppWebSocketTransportModuleDescriptor.getBuilder(builder)
                        .explicitlySetWebSocketEndpointAndDiscovery(webSocket, false).setWebSocketFactory(WebSockets.INSTANCE).build());
                }).build());
        }
        AccountManager.sensitiveOperationOverInsecureConnectionDefault(true);
        Map<String, String> properties = new TreeMap<>(Map.of("service", "localhost", "host", host, "securityMode", "required",
            "defaultConnection", NICKNAME, "enabledConnections", NICKNAME, "replyTimeout", tests == null ? "5000" : "30000", "acceptAllCertificates", "false"));
        // Smack's modular connection misses the end of every third handshake of TLS over TCP, with other servers too.
        if (webSocket == null) properties.put("disabledTests", "ModularXmppClientToServerConnectionLowLevelIntegrationTest");
        if (tests != null) {
            properties.put("enabledTests", tests.stream().map(test -> test.replaceFirst("\\[.*", "")).collect(Collectors.joining(",")));
        }
        properties.forEach((name, value) -> System.setProperty("sinttest." + name, value));
        var outcome = new SmackIntegrationTestFramework(Configuration.newConfiguration(new String[0])).run();
        Map<String, String> results = new TreeMap<>();
        outcome.getSuccessfulTests().forEach(test -> results.put(name(test), "passed"));
        outcome.getFailedTests().forEach(test -> results.put(name(test), why("failed", name(test), test.failureReason)));
        outcome.getNotPossibleTests().forEach(test -> results.put(name(test), why("impossible", name(test), test.testNotPossibleException)));
        outcome.getImpossibleTestClasses().forEach((test, why) -> results.put(test.getSimpleName(), why("impossible", test.getSimpleName(), why)));
        return results;
    }

    private static String why(String result, String test, Throwable why) {
        System.err.println(result + "  " + test + ": " + why);
        return result;
    }

    private static String name(TestResult result) {
        var method = result.concreteTest.getMethod();
        return method.getDeclaringClass().getSimpleName() + "." + method.getName() + result.concreteTest.getSubdescriptons();
    }
}
