import CloudCore
import CloudHost
import Glibc

/// Where the keys are: a library that speaks PKCS#11 2.40, one of its tokens, and the file that opens it.
public struct TokenPlace: Hashable, Sendable {
    /// Path of the library.
    public var library: String
    /// The token's label, as it is without the blanks that fill it up. Exactly one token has it.
    public var label: String
    /// Path of a file with the user's PIN in one line, which only root reads.
    public var pinFile: String

    /// Where a token of software keeps its objects, as files in a directory of each token; nil for an HSM.
    public var objects: String?

    public init(library: String, label: String, pinFile: String, objects: String? = nil) {
        (self.library, self.label, self.pinFile, self.objects) = (library, label, pinFile, objects)
    }

    /// The PIN. It is read whenever it is needed and not kept.
    func pin() throws(CloudError) -> [UInt8] { try Self.secret(pinFile) }

    /// The one line of a file that nobody but its owner reads; `unavailable`, with the reason, where there is none.
    static func secret(_ path: String) throws(CloudError) -> [UInt8] {
        func lack(_ why: String) -> CloudError { .unavailable("key store", "the PIN file \(path) \(why)") }
        guard let info = Files.status(path) else { throw lack("is missing") }
        guard info.st_mode & S_IFMT == S_IFREG else { throw lack("is no plain file") }
        guard info.st_uid == geteuid() else { throw lack("belongs to user \(info.st_uid): chown it to root") }
        guard info.st_mode & 0o077 == 0 else { throw lack("can be read by others: chmod 600 it") }
        let bytes: [UInt8]?
        do throws(CloudError) { bytes = try Files.read(path, limit: 4096) } catch {
            throw lack("cannot be read: \(error.detail ?? error.message)")
        }
        let line = (bytes ?? []).split(separator: 0x0a, omittingEmptySubsequences: false)
        guard let pin = line.first, line.dropFirst().allSatisfy(\.isEmpty), (4...255).contains(pin.count),
            pin.allSatisfy({ (0x20...0x7e).contains($0) })
        else { throw lack("does not hold one line of 4 to 255 plain characters") }
        return Array(pin)
    }
}
