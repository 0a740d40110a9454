import CloudCore
import CloudHost
import Glibc

/// Makes headers of LUKS1: a new random key of 512 bits for AES-256-XTS, which the layer's secret opens.
enum LUKS {
    /// The secret has 256 random bits, so guessing it is hopeless however few iterations a guess takes.
    private static let options = [
        "--batch-mode", "--type", "luks1", "--cipher", "aes-xts-plain64", "--key-size", "512", "--hash", "sha256",
        "--pbkdf-force-iterations", "1000",
    ]

    /// A header. It is made in /run, which is memory on most machines, and overwritten at once: a copy that stayed on
    /// disk would outlive the layer's erasure.
    static func header(opening secret: String, at place: Workplace) async throws(CloudError) -> [UInt8] {
        let path = place.header
        try LayerFile.make([], at: path, user: place.user)
        guard truncate(path, off_t(LayerFile.luksLength * 2)) == 0 else { throw Files.failure("truncate", path) }
        try await Tool(place: place).run(
            ["cryptsetup", "luksFormat"] + options + [path, "-"], input: Array(secret.utf8), timeout: .seconds(60))
        guard let file = try Files.read(path, limit: LayerFile.luksLength * 2), file.starts(with: Array("LUKS".utf8))
        else { throw .fault("cryptsetup made no header") }
        // Where the data would begin, in sectors.
        let sectors = file[104..<108].reduce(0) { $0 << 8 | Int($1) }
        guard sectors * 512 == LayerFile.luksLength else { throw .fault("a LUKS header of \(sectors) sectors") }
        try LayerFile.erase(path)
        return Array(file[..<LayerFile.luksLength])
    }
}
