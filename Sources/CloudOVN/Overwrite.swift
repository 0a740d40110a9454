import CloudCore
import CloudHost
import Glibc

extension Files {
    /// Writes into a file of the kernel, which cannot be replaced.
    static func overwrite(_ path: String, _ text: String) throws(CloudError) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", path) }
        defer { close(file) }
        guard Glibc.write(file, text, text.utf8.count) == text.utf8.count else { throw failure("write", path) }
    }
}
