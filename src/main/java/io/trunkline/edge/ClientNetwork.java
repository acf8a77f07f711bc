package io.trunkline.edge;

import io.netty.util.NetUtil;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.util.Arrays;
import java.util.HexFormat;

/** What the clients of an address are taken for where they are counted. */
public final class ClientNetwork {
    /** What an address of IPv4 begins with in the form of IPv6 (RFC 4291, section 2.5.5.2). */
    private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    private static final int NETWORK_BYTES = 8;
    /** What a proxy names may be no address at all. */
    private static final int LONGEST_NAME = 64;

    private ClientNetwork() {}

    /** An address as it is, or the /64 of an address of IPv6, of which one client has as many as it likes. */
    public static String of(String address) {
        if (address.indexOf(':') >= 0) {
            byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
            if (bytes != null && isMapped(bytes)) {
                return NetUtil.bytesToIpAddress(Arrays.copyOfRange(bytes, MAPPED.length, bytes.length));
            }
            if (bytes != null) {
                return HexFormat.of().formatHex(Arrays.copyOf(bytes, NETWORK_BYTES)) + "/64";
            }
        }
        return address.substring(0, Math.min(LONGEST_NAME, address.length()));
    }

    /** The address of a request's client, or what the proxies that the service trusts call it; empty where nobody knows. */
    public static String addressOf(HttpServerRequest request) {
        SocketAddress address = request.remoteAddress();
        if (address == null) {
            return "";
        }
        String literal = address.hostAddress();
        String host = literal == null ? address.host() : literal;
        return host == null ? "" : host;
    }

    private static boolean isMapped(byte[] address) {
        return Arrays.equals(address, 0, MAPPED.length, MAPPED, 0, MAPPED.length);
    }
}
