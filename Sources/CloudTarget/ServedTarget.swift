import CloudCore
import CloudHost
import CloudStorage

/// An iSCSI target as tgtd tells of it.
struct ServedTarget: Hashable, Sendable {
    var number: Int
    var name: String
    /// The file behind its logical unit; empty for none.
    var path = ""
    var initiators: Set<String> = []

    /// Reads what `tgtadm --op show --mode target` says.
    static func parse(_ text: String) -> [ServedTarget] {
        var all: [ServedTarget] = []
        var unit = 0
        var isAccess = false
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if line.hasPrefix("Target "), words.count == 3, let number = Int(words[1].dropLast()) {
                all.append(ServedTarget(number: number, name: words[2]))
                (unit, isAccess) = (0, false)
            } else if words.first == "LUN:", words.count == 2 {
                unit = Int(words[1]) ?? 0
            } else if line.hasSuffix("information:") {
                isAccess = words.first == "ACL"
            } else if isAccess, words.count == 1, !all.isEmpty {
                all[all.count - 1].initiators.insert(words[0])
            } else if unit == TargetVolume.unit, !all.isEmpty, line.contains("Backing store path: ") {
                all[all.count - 1].path = words.last ?? ""
            }
        }
        return all
    }
}

/// What tgtd is told.
struct Server: Sendable {
    let place: TargetPlace

    func targets() async throws(CloudError) -> [ServedTarget] {
        ServedTarget.parse(try await place.ask(["--op", "show", "--mode", "target"]))
    }

    /// Ends a target with all who are logged in.
    func remove(_ target: ServedTarget) async throws(CloudError) {
        try await place.ask(["--op", "delete", "--force", "--mode", "target", "--tid", String(target.number)])
    }

    /// Makes a target for the file of a volume, to which nobody may log in yet.
    ///
    /// Its number follows from the volume: initiators know disks by it, and two of one number would be one disk.
    func add(_ volume: TargetVolume, at path: String, beside others: [ServedTarget]) async throws(CloudError)
        -> ServedTarget
    {
        let digits = volume.disk.volume.filter(\.isHexDigit).prefix(8)
        var number = max(1, (Int(digits, radix: 16) ?? 1) & 0x7fff_ffff)
        while others.contains(where: { $0.number == number }) { number = number % 0x7fff_ffff + 1 }
        let (tid, unit) = (String(number), String(TargetVolume.unit))
        try await place.ask(["--op", "new", "--mode", "target", "--tid", tid, "-T", volume.name])
        try await place.ask([
            "--op", "new", "--mode", "logicalunit", "--tid", tid, "--lun", unit, "-b", path, "--bstype", "rdwr",
        ])
        let serial = volume.disk.volume.prefix(20)
        try await place.ask([
            "--op", "update", "--mode", "logicalunit", "--tid", tid, "--lun", unit, "--params",
            "vendor_id=Akashi,product_id=volume,scsi_sn=\(serial),scsi_id=\(serial),thin_provisioning=1",
        ])
        return ServedTarget(number: number, name: volume.name, path: path)
    }

    /// Lets these initiators in and no others; those that are in and may not are logged out.
    func admit(_ initiators: Set<String>, to target: ServedTarget) async throws(CloudError) {
        let tid = String(target.number)
        for name in initiators.subtracting(target.initiators).sorted() {
            try await place.ask(["--op", "bind", "--mode", "target", "--tid", tid, "-Q", name])
        }
        let gone = target.initiators.subtracting(initiators)
        for name in gone.sorted() {
            try await place.ask(["--op", "unbind", "--mode", "target", "--tid", tid, "-Q", name])
        }
        guard !gone.isEmpty else { return }
        var session = "", connection = ""
        for line in try await place.ask(["--op", "show", "--mode", "conn", "--tid", tid]).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 2 else { continue }
            if words[0] == "Session:" { session = words[1] }
            if words[0] == "Connection:" { connection = words[1] }
            guard words[0] == "Initiator:", gone.contains(words[1]) else { continue }
            // It may have gone by itself.
            _ = try? await place.ask([
                "--op", "delete", "--mode", "conn", "--tid", tid, "--sid", session, "--cid", connection,
            ])
        }
    }
}
