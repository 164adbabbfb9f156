import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** In-band registration (XEP-0077), which a Finesse has not and Smack's tests need: the accounts are made over callboard's API for users of tests. */
final class Accounts {
    private final Server server;

    Accounts(Server server) {
        this.server = server;
    }

    /** What answers an iq; null: it is no registration. Accounts go with the server, whatever asks that they are removed. */
    String answer(String iq) {
        if (!iq.contains("jabber:iq:register")) return null;
        String query = "";
        try {
            if (iq.contains("<username>")) {
                String form = "team=1&password=" + URLEncoder.encode(find("<password>([^<]*)", iq), StandardCharsets.UTF_8);
                server.ask("PUT", "/callboard/api/users/" + find("<username>([^<]*)", iq), form);
            } else if (!iq.contains("<remove")) {
                query = "<query xmlns='jabber:iq:register'><username/><password/></query>";
            }
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
        return "<iq xmlns='jabber:client' type='result' from='localhost' id='" + find("\\bid=['\"]([^'\"]*)", iq) + "'>" + query + "</iq>";
    }

    private static String find(String pattern, String text) {
        Matcher found = Pattern.compile(pattern).matcher(text);
        if (!found.find()) throw new IllegalArgumentException(pattern + " is not in " + text);
        return found.group(1);
    }
}
