import javax.net.ssl.SSLSession;
import javax.xml.namespace.QName;

import org.jivesoftware.smack.c2s.internal.ModularXmppClientToServerConnectionInternal;
import org.jivesoftware.smack.packet.TopLevelStreamElement;
import org.jivesoftware.smack.packet.XmlEnvironment;
import org.jivesoftware.smack.websocket.impl.AbstractWebSocket;
import org.jivesoftware.smack.websocket.impl.WebSocketFactory;
import org.jivesoftware.smack.websocket.java11.Java11WebSocketFactory;
import org.jivesoftware.smack.websocket.rce.WebSocketRemoteConnectionEndpoint;

/** Smack's WebSocket of Java 11, with registrations that are answered here. */
final class WebSockets implements WebSocketFactory {
    static final WebSockets INSTANCE = new WebSockets();

    @Override
    public AbstractWebSocket create(WebSocketRemoteConnectionEndpoint endpoint, ModularXmppClientToServerConnectionInternal connection) {
        return new Answering(endpoint, connection);
    }

    private static final class Answering extends AbstractWebSocket {
        private static final String OPEN = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

        private final AbstractWebSocket inner;

        Answering(WebSocketRemoteConnectionEndpoint endpoint, ModularXmppClientToServerConnectionInternal connection) {
            super(endpoint, connection);
            inner = Java11WebSocketFactory.INSTANCE.create(endpoint, connection);
            inner.getFuture().onSuccess(socket -> future.setResult(this));
            inner.getFuture().onError(future::setException);
        }

        @Override
        protected void send(String element) {
            String answer = Tcp.accounts.answer(element);
            if (answer == null) {
                inner.send(new Text(element));
            } else {
                connectionInternal.parseAndProcessElement(OPEN + answer + "</stream:stream>");
            }
        }

        @Override
        public void disconnect(int code, String message) {
            inner.disconnect(code, message);
        }

        @Override
        public SSLSession getSSLSession() {
            return inner.getSSLSession();
        }
    }

    /** An element that is written already. */
    private record Text(String text) implements TopLevelStreamElement {
        @Override
        public String getElementName() {
            return "text";
        }

        @Override
        public String getNamespace() {
            return "";
        }

        @Override
        public QName getQName() {
            return new QName("text");
        }

        @Override
        public CharSequence toXML(XmlEnvironment environment) {
            return text;
        }
    }
}
