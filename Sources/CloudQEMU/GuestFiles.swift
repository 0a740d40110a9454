import CloudCompute
import CloudCore
import CloudHost
import Glibc

/// Makes what a guest needs on disk. Each file appears whole, by a rename, so that a crash leaves nothing half-made
/// and the next call makes what is missing.
struct GuestFiles: Sendable {
    let guest: GuestSpec
    let paths: GuestPaths
    let imageFile: @Sendable (String) async throws(CloudError) -> String

    func ensure() async throws(CloudError) {
        try Files.ensureDirectory(paths.directory, mode: 0o710, group: guest.uid)
        try Files.ensureDirectory(paths.run, mode: 0o700)
        if !Files.exists(paths.console) { try Files.write([], to: paths.console, mode: 0o620, group: guest.uid) }
        try renew()
        try await ensureDisk()
        try ensureConfig()
        try Files.write(Array(description.text.utf8), to: paths.spec)
    }

    /// Throws an older generation's disk away. The new number is written last, so that a crash repeats this.
    private func renew() throws(CloudError) {
        let known = (try Files.read(paths.generation)).flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
        guard known != guest.disk.generation else { return }
        for path in [paths.disk, paths.base, paths.config, paths.suspended] { try Files.remove(path) }
        try Files.write(Array(String(guest.disk.generation).utf8), to: paths.generation, sync: true)
    }

    private func ensureDisk() async throws(CloudError) {
        let format = try BaseFormat(guest.disk.format)
        if guest.hasRun, !Files.exists(paths.base) || !Files.exists(paths.disk) {
            throw .conflict("The server's disk is missing on its host.")
        }
        if !Files.exists(paths.base) { try await linkBase(try await imageFile(guest.disk.image)) }
        let bytes = Qcow2.bytes(size: guest.disk.size, base: (name: "base", format: format.driver))
        guard !isThere(paths.disk, atLeast: bytes.count) else { return }
        try Files.write(bytes, to: paths.disk, user: guest.uid, group: guest.uid)
    }

    /// A power cut may leave a file under its name without its content. A disk shorter than it began has never been
    /// the guest's, who starts only with a whole one.
    private func isThere(_ path: String, atLeast bytes: Int) -> Bool { (Files.status(path)?.st_size ?? 0) >= bytes }

    private func linkBase(_ image: String) async throws(CloudError) {
        let part = paths.base + ".part"
        try await Files.share(image, as: part)
        try Files.rename(part, to: paths.base)
    }

    private func ensureConfig() throws(CloudError) {
        guard !guest.configDrive.isEmpty, !isThere(paths.config, atLeast: 1) else { return }
        let image = try ISOImage(label: "config-2", files: guest.configDrive)
        try Files.write(image.bytes(), to: paths.config, mode: 0o440, group: guest.uid)
    }

    private var description: JSON {
        [
            "id": .string(guest.id.text), "name": .string(guest.name), "vcpus": .integer(guest.vcpus),
            "memory_mib": .integer(guest.memory.count), "uid": .integer(guest.uid),
            "disk": [
                "image": .string(guest.disk.image), "format": .string(guest.disk.format),
                "gib": .integer(guest.disk.size.count),
            ],
            "nics": .array(
                guest.nics.map {
                    [
                        "port": .string($0.port), "mac": .string($0.mac.text), "mtu": .integer($0.mtu),
                        "device": .string($0.device),
                    ]
                }),
        ]
    }
}
