import CloudCore
import Glibc

/// How guests are run on this machine, and why so.
public struct Accelerator: Hashable, Sendable {
    /// What executes a guest's instructions.
    public enum Kind: String, Sendable {
        /// By the processor itself.
        case kvm
        /// By translation: slower by an order of magnitude, and needs nothing of the host.
        case tcg
    }
    /// The one to use.
    public let kind: Kind
    /// One sentence for the operator.
    public let why: String

    /// For tests, and for operators who know better than the probe.
    public init(_ kind: Kind, why: String) { (self.kind, self.why) = (kind, why) }

    /// Finds out whether KVM really runs guests here. A /dev/kvm that opens, and even runs real mode, may still be
    /// unable to boot a kernel; so a small boot sector must finish under it, within a second.
    public static func probe(scratch: String) async -> Accelerator {
        guard Files.exists("/dev/kvm") else { return Accelerator(.tcg, why: "There is no /dev/kvm.") }
        let flags = Set((Files.line("/proc/cpuinfo", until: "\n\n") ?? "").split(whereSeparator: \.isWhitespace))
        let hasFlag = flags.contains("vmx") || flags.contains("svm")
        let hasModule = Files.exists("/sys/module/kvm_intel") || Files.exists("/sys/module/kvm_amd")
        guard hasFlag, hasModule else {
            let lack = hasFlag ? "no KVM module for this processor is loaded" : "the processor offers no virtualisation"
            return Accelerator(.tcg, why: "There is a /dev/kvm, but \(lack).")
        }
        do {
            return try await finishes("kvm", cpu: "host", within: .seconds(1), scratch: scratch)
                ? Accelerator(.kvm, why: "A test guest reached 64-bit mode and handled an exception under KVM.")
                : Accelerator(.tcg, why: "There is a /dev/kvm, but a test guest did not reach 64-bit mode under it.")
        } catch {
            return Accelerator(.tcg, why: "There is a /dev/kvm, but QEMU could not be tried with it: \(error).")
        }
    }

    /// Whether the boot sector ends as it must under an accelerator.
    static func finishes(
        _ accelerator: String, cpu: String, within limit: Duration, scratch: String
    ) async throws(CloudError) -> Bool {
        let disk = "\(scratch)/probe-\(getpid())-\(accelerator).img"
        try Files.write(KernelProbe.sector, to: disk)
        defer { unlink(disk) }
        do {
            let command = KernelProbe.command(accelerator, cpu: cpu, disk: disk)
            return try await Command.end(command, timeout: limit).code == KernelProbe.expectedCode
        } catch  where error.code == .timeout {
            return false
        }
    }
}

extension Files {
    /// The beginning of a text file up to a mark; nil where it cannot be read.
    static func line(_ path: String, until mark: String) -> String? {
        guard let bytes = try? read(path, limit: 8 << 20) else { return nil }
        let mark = Array(mark.utf8)
        let end = bytes.indices.first { bytes[$0...].starts(with: mark) } ?? bytes.endIndex
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}
