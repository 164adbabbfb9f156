import java.net.URI;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

import javax.net.ssl.SSLSocketFactory;

import org.jivesoftware.smack.AbstractXMPPConnection;
import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode;
import org.jivesoftware.smack.SmackConfiguration;
import org.jivesoftware.smack.bosh.BOSHConfiguration;
import org.jivesoftware.smack.bosh.XMPPBOSHConnection;
import org.jivesoftware.smack.c2s.ModularXmppClientToServerConnection;
import org.jivesoftware.smack.c2s.ModularXmppClientToServerConnectionConfiguration;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jivesoftware.smack.websocket.XmppWebSocketTransportModuleDescriptor;
import org.jivesoftware.smack.websocket.java11.Java11WebSocketFactory;
import org.jivesoftware.smackx.disco.ServiceDiscoveryManager;
import org.jivesoftware.smackx.ping.PingManager;
import org.jivesoftware.smackx.pubsub.LeafNode;
import org.jivesoftware.smackx.pubsub.PubSubManager;
import org.jivesoftware.smackx.pubsub.Subscription;
import org.jxmpp.jid.impl.JidCreate;

/** A session of Smack over each of its transports: it logs in, subscribes, hears an event that REST causes, pings, unsubscribes and leaves. */
public final class Clients {
    private static final int PATIENCE = 30;
    private static final String NODE = "/finesse/api/User/1001";

    private interface Way {
        AbstractXMPPConnection open(Server server) throws Exception;
    }

    private static final Map<String, Way> WAYS = new TreeMap<>(Map.of(
        "starttls", server -> new XMPPTCPConnection(tcp(server.port("xmpp")).setSecurityMode(SecurityMode.required).build()),
        // Smack knows no TLS from the first byte; a factory of sockets that have it does.
        "tls", server -> new XMPPTCPConnection(tcp(server.port("xmpps")).setSecurityMode(SecurityMode.disabled)
            .setSocketFactory(SSLSocketFactory.getDefault()).build()),
        "websocket", Clients::webSocket,
        "bosh", server -> new XMPPBOSHConnection(BOSHConfiguration.builder().setXmppDomain("localhost")
            .setUsernameAndPassword("1001", "1001").setResource("smack").setHost("localhost").setPort(server.port("https"))
            .useHttps().setFile("/http-bind/").build())));

    private static XMPPTCPConnectionConfiguration.Builder tcp(int port) throws Exception {
        return XMPPTCPConnectionConfiguration.builder().setXmppDomain("localhost").setHost("localhost").setPort(port)
            .setUsernameAndPassword("1001", "1001").setResource("smack");
    }

    private static AbstractXMPPConnection webSocket(Server server) throws Exception {
        var builder = ModularXmppClientToServerConnectionConfiguration.builder().setXmppDomain("localhost")
            .setUsernameAndPassword("1001", "1001").setResource("smack").removeAllModules();
        URI address = URI.create("wss://localhost:" + server.port("https") + "/ws/");
        builder.addModule(XmppWebSocketTransportModuleDescriptor.getBuilder(builder)
            .explicitlySetWebSocketEndpointAndDiscovery(address, false).setWebSocketFactory(Java11WebSocketFactory.INSTANCE)
            .build());
        return new ModularXmppClientToServerConnection(builder.build());
    }

    private static int sessions;

    /** A session over one of the transports. */
    private static void session(Server server, Way way) throws Exception {
        AbstractXMPPConnection connection = way.open(server);
        connection.connect();
        connection.login();
        var pubsub = PubSubManager.getInstanceFor(connection, JidCreate.domainBareFrom("pubsub.localhost"));
        LeafNode node = pubsub.getLeafNode(NODE);
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        node.addItemEventListener(event -> { for (Object item : event.getItems()) events.add(item.toString()); });
        Subscription subscription = node.subscribe(connection.getUser());
        check(subscription.getState() == Subscription.State.subscribed, "subscribed: " + subscription.getState());
        String own = connection.getUser().toString();
        check(pubsub.getSubscriptions().stream().anyMatch(one -> one.getJid().toString().equals(own)), "listed");

        sign(server, "<state>LOGIN</state><extension>1001</extension>");
        // One for the bare JID, which the server has subscribed, and one for this session.
        for (int count = 0; count < 2; count++) hear(events, "NOT_READY");
        check(PingManager.getInstanceFor(connection).pingMyServer(), "the server answers a ping");
        var domain = ServiceDiscoveryManager.getInstanceFor(connection).discoverInfo(connection.getXMPPServiceDomain());
        check(domain.containsFeature("urn:xmpp:ping"), "the server says that it answers pings");

        node.unsubscribe(own, subscription.getId());
        sign(server, "<state>LOGOUT</state>");
        hear(events, "LOGOUT");
        check(PingManager.getInstanceFor(connection).pingMyServer(), "the server answers a second ping");
        check(events.isEmpty(), "no event for a subscription that is over: " + events);
        connection.disconnect();
        hasEnded(server);
    }

    /** Waits for the end of the session, which the client has closed. */
    private static void hasEnded(Server server) throws Exception {
        sessions++;
        for (int turn = 0; turn < PATIENCE * 10; turn++) {
            String ended = server.ask("GET", "/callboard/api/sessions?ended=true", "");
            if (ended.split("closed by the client", -1).length > sessions) return;
            Thread.sleep(100);
        }
        throw new AssertionError("the session has not ended as closed by the client");
    }

    private static void hear(BlockingQueue<String> events, String text) throws Exception {
        for (;;) {
            String event = events.poll(PATIENCE, TimeUnit.SECONDS);
            check(event != null, "an event with " + text);
            if (event.contains(text)) return;
        }
    }

    private static void sign(Server server, String what) throws Exception {
        server.ask("1001", "1001", "PUT", NODE, "application/xml", "<User>" + what + "</User>");
    }

    private static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError("there has to be: " + what);
    }

    public static void main(String[] none) throws Exception {
        int failures = 0;
        Logger.getLogger("").setLevel(Level.SEVERE);
        try (Server server = new Server("127.0.0.1:0", "127.0.0.1:0")) {
            SmackConfiguration.setDefaultReplyTimeout(PATIENCE * 1000);
            for (var way : WAYS.entrySet()) {
                try {
                    session(server, way.getValue());
                    System.out.println("ok      smack " + way.getKey());
                } catch (Exception | AssertionError error) {
                    failures++;
                    System.out.println("FAILED  smack " + way.getKey() + ": " + error);
                    error.printStackTrace();
                }
            }
        }
        System.exit(failures > 0 ? 1 : 0);
    }
}
