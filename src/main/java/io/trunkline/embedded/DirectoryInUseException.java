package io.trunkline.embedded;

/** Another process has the data directory. */
final class DirectoryInUseException extends EmbeddedException {
    private static final long serialVersionUID = 1L;

    DirectoryInUseException(String message) {
        super(message);
    }
}
