package io.trunkline.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Issues signed tokens (JWT), and some that look as if it had issued them. */
public final class TokenIssuer {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int LIFETIME_SECONDS = 600;

    private final String issuer;
    private final String audience;
    private final KeyPair rsa = keys("RSA");
    private final KeyPair ec = keys("EC");
    private final String keyId = "key-" + UUID.randomUUID();

    /** An issuer with keys of its own. */
    public TokenIssuer(String issuer, String audience) {
        this.issuer = issuer;
        this.audience = audience;
    }

    /** A token that is being written; it is valid as it begins. */
    public final class Token {
        private final Map<String, Object> header = new LinkedHashMap<>();
        private final Map<String, Object> claims = new LinkedHashMap<>();

        private Token(String subject, Instant now) {
            header.put("typ", "JWT");
            header.put("alg", "RS256");
            header.put("kid", keyId);
            claims.put("iss", issuer);
            claims.put("aud", List.of("other", audience));
            claims.put("sub", subject);
            claims.put("iat", now.getEpochSecond());
            claims.put("nbf", now.getEpochSecond());
            claims.put("exp", now.getEpochSecond() + LIFETIME_SECONDS);
        }

        /** With another value in its header. */
        public Token header(String name, Object value) {
            header.put(name, value);
            return this;
        }

        /** With another claim. */
        public Token claim(String name, Object value) {
            claims.put(name, value);
            return this;
        }

        /** Without a claim. */
        public Token without(String name) {
            claims.remove(name);
            return this;
        }

        /** Signed as its header says. */
        public String signed() {
            String algorithm = String.valueOf(header.get("alg"));
            String signed = signedPart();
            return signed + "." + encoded(signature(algorithm, signed.getBytes(StandardCharsets.US_ASCII)));
        }

        private String signedPart() {
            return encoded(json(header)) + "." + encoded(json(claims));
        }
    }

    /** A valid token for a subject. */
    public Token token(String subject) {
        return token(subject, Instant.now());
    }

    /** A token for a subject that is valid from a time on. */
    public Token token(String subject, Instant now) {
        return new Token(subject, now);
    }

    /** The public keys, as a JSON Web Key Set. */
    public String publicKeys() {
        RSAPublicKey first = (RSAPublicKey) rsa.getPublic();
        ECPublicKey second = (ECPublicKey) ec.getPublic();
        return new String(
                json(Map.of(
                        "keys",
                        List.of(
                                Map.of(
                                        "kty",
                                        "RSA",
                                        "kid",
                                        keyId,
                                        "use",
                                        "sig",
                                        "n",
                                        encoded(unsigned(first.getModulus())),
                                        "e",
                                        encoded(unsigned(first.getPublicExponent()))),
                                Map.of(
                                        "kty",
                                        "EC",
                                        "kid",
                                        keyId + "-ec",
                                        "use",
                                        "sig",
                                        "crv",
                                        "P-256",
                                        "x",
                                        encoded(fixed(second.getW().getAffineX())),
                                        "y",
                                        encoded(fixed(second.getW().getAffineY())))))),
                StandardCharsets.UTF_8);
    }

    /** A token signed by the elliptic curve's key. */
    public String signedByEllipticCurve(String subject) {
        return token(subject)
                .header("alg", "ES256")
                .header("kid", keyId + "-ec")
                .signed();
    }

    /** Tokens that nobody may accept, by what is wrong with them. */
    public Map<String, String> invalid() {
        Instant now = Instant.now();
        String valid = token("mallory").signed();
        Map<String, String> tokens = new LinkedHashMap<>();
        tokens.put(
                "expired",
                token("mallory", now.minusSeconds(LIFETIME_SECONDS + 120)).signed());
        tokens.put(
                "not yet valid",
                token("mallory").claim("nbf", now.getEpochSecond() + 300).signed());
        tokens.put(
                "issued in the future",
                token("mallory").claim("iat", now.getEpochSecond() + 300).signed());
        tokens.put("without an expiry", token("mallory").without("exp").signed());
        tokens.put("without a time of issue", token("mallory").without("iat").signed());
        tokens.put(
                "with an expiry that is text",
                token("mallory").claim("exp", "never").signed());
        tokens.put(
                "for another audience", token("mallory").claim("aud", "other").signed());
        tokens.put("for no audience", token("mallory").without("aud").signed());
        tokens.put(
                "of another issuer",
                token("mallory").claim("iss", issuer + "/other").signed());
        tokens.put("of no issuer", token("mallory").without("iss").signed());
        tokens.put("without a subject", token("mallory").without("sub").signed());
        tokens.put("with an empty subject", token("").signed());
        tokens.put("with a subject of control characters", token("mal\nlory").signed());
        tokens.put(
                "with a subject that is a list",
                token("mallory").claim("sub", List.of("mallory")).signed());
        tokens.put(
                "of the algorithm none", token("mallory").header("alg", "none").signedPart() + ".");
        tokens.put(
                "of the algorithm None, signed",
                token("mallory").header("alg", "None").signedPart() + "." + last(valid));
        tokens.put("of no algorithm", token("mallory").header("alg", "").signedPart() + "." + last(valid));
        tokens.put("with an HMAC by the public key", hmac(rsa.getPublic().getEncoded()));
        tokens.put("with an HMAC by the key set", hmac(publicKeys().getBytes(StandardCharsets.UTF_8)));
        tokens.put("signed by somebody else", forged());
        tokens.put(
                "of an unknown key",
                token("mallory").header("kid", UUID.randomUUID().toString()).signed());
        tokens.put(
                "of a key of the wrong kind",
                token("mallory").header("kid", keyId + "-ec").signed());
        tokens.put(
                "with a key in its header",
                token("mallory")
                        .header("kid", "own")
                        .header("jwk", Map.of("kty", "RSA"))
                        .signed());
        tokens.put(
                "with a critical header that nobody knows",
                token("mallory").header("crit", List.of("x")).header("x", 1).signed());
        tokens.put(
                "with other claims than the signed",
                token("mallory").signedPart().replace("a", "b") + "." + last(valid));
        tokens.put("without a signature", token("mallory").signedPart() + ".");
        tokens.put("with half a signature", valid.substring(0, valid.length() - 100));
        tokens.put("of two parts", valid.substring(0, valid.lastIndexOf('.')));
        tokens.put("of five parts", valid + "..");
        tokens.put(
                "oversize", token("mallory").claim("padding", "x".repeat(9_000)).signed());
        tokens.put("garbage", "garbage");
        tokens.put("dots", "..");
        tokens.put("empty", "");
        tokens.put("not base64", "%%.%%.%%");
        tokens.put(
                "not JSON", encoded(new byte[] {1, 2}) + "." + encoded(new byte[] {3}) + "." + encoded(new byte[] {4}));
        return tokens;
    }

    private String forged() {
        return new TokenIssuer(issuer, audience)
                .token("mallory")
                .header("kid", keyId)
                .signed();
    }

    private String hmac(byte[] secret) {
        String signed = token("mallory").header("alg", "HS256").signedPart();
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return signed + "." + encoded(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String last(String token) {
        return token.substring(token.lastIndexOf('.') + 1);
    }

    private byte[] signature(String algorithm, byte[] content) {
        try {
            return switch (algorithm) {
                case "PS256" -> {
                    Signature signature = Signature.getInstance("RSASSA-PSS");
                    signature.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
                    yield sign(signature, rsa.getPrivate(), content);
                }
                case "ES256" -> sign(Signature.getInstance("SHA256withECDSAinP1363Format"), ec.getPrivate(), content);
                default -> sign(Signature.getInstance("SHA256withRSA"), rsa.getPrivate(), content);
            };
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] sign(Signature signature, PrivateKey key, byte[] content) throws GeneralSecurityException {
        signature.initSign(key);
        signature.update(content);
        return signature.sign();
    }

    private static KeyPair keys(String algorithm) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (algorithm.equals("EC")) {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            } else {
                generator.initialize(2_048);
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] json(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] unsigned(BigInteger number) {
        byte[] bytes = number.toByteArray();
        return bytes[0] == 0 ? java.util.Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    private static byte[] fixed(BigInteger number) {
        byte[] bytes = unsigned(number);
        byte[] whole = new byte[32];
        System.arraycopy(bytes, 0, whole, whole.length - bytes.length, bytes.length);
        return whole;
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
