import org.jivesoftware.smack.StanzaCollector;
import org.jivesoftware.smack.filter.StanzaFilter;
import org.jivesoftware.smack.packet.Stanza;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jivesoftware.smack.SmackException.NotConnectedException;
import org.jivesoftware.smack.util.PacketParserUtils;

/** Smack's connection over TCP, whose registrations are answered here. */
public final class Tcp extends XMPPTCPConnection {
    static Accounts accounts;

    public Tcp(XMPPTCPConnectionConfiguration configuration) {
        super(configuration);
    }

    @Override
    public StanzaCollector createStanzaCollectorAndSend(StanzaFilter filter, Stanza stanza)
        throws NotConnectedException, InterruptedException {
        String answer = accounts == null ? null : accounts.answer(stanza.toXML().toString());
        if (answer == null) return super.createStanzaCollectorAndSend(filter, stanza);
        StanzaCollector collector = createStanzaCollector(filter);
        try {
            processStanza(PacketParserUtils.parseStanza(answer));
        } catch (InterruptedException error) {
            throw error;
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
        return collector;
    }
}
