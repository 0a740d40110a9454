import CloudCompute
import CloudCore
import CloudHost

/// QEMU's command line for a guest: few devices, a user of its own, no way to gain rights or start programs.
struct QEMUCommand {
    let guest: GuestSpec
    let paths: GuestPaths
    let accelerator: Accelerator.Kind
    /// Beside its own, the group that may open /dev/kvm, where there is one.
    let kvmGroup: Int?

    /// Free slots for devices that are plugged in while the guest runs.
    static let spareSlots = 4
    /// And for volumes: the functions of one slot of the root bus.
    static let diskSlots = 8
    static func diskSlot(_ number: Int) -> String { "disk\(number)" }
    /// The two listening sockets that the process inherits, as `Spawn` numbers them.
    static let actDescriptor = 3, watchDescriptor = 4

    /// Run inside the network namespace whose devices the guest uses.
    var argv: [String] {
        privileges + ["qemu-system-x86_64"] + machine + monitors + disks + nics + screen + rest
    }

    private var privileges: [String] {
        let user = String(guest.uid)
        let groups = kvmGroup.map { ["--groups", String($0)] } ?? ["--clear-groups"]
        return ["setpriv", "--reuid", user, "--regid", user] + groups
            + ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
    }

    private var machine: [String] {
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-S", "-no-shutdown",
            // Filters system calls. This is also why there is no -daemonize: it would have to fork.
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-name", "guest=" + Self.escape(guest.name), "-uuid", guest.id.text, "-msg", "timestamp=on",
            "-machine", "q35,usb=off,sata=off,smbus=off,vmport=off,dump-guest-core=off",
            "-smp", "cpus=\(guest.vcpus),sockets=1,cores=\(guest.vcpus),threads=1", "-m", "\(guest.memory.count)M",
            "-rtc", "base=utc", "-boot", "strict=on",
        ]
            + (accelerator == .kvm
                ? ["-accel", "kvm", "-cpu", "host"]
                // The cache of translated code is a gigabyte unless one says otherwise.
                : ["-accel", "tcg,tb-size=\(min(256, max(64, guest.memory.count / 4)))", "-cpu", "max"])
    }

    private var monitors: [String] {
        [
            "-chardev", "socket,id=act,fd=\(Self.actDescriptor),server=on,wait=off",
            "-mon", "chardev=act,mode=control",
            "-chardev", "socket,id=watch,fd=\(Self.watchDescriptor),server=on,wait=off",
            "-mon", "chardev=watch,mode=control",
            "-chardev", Self.console(paths), "-serial", "chardev:console",
        ]
    }

    /// Tells a guest of this instance from any other's.
    static func console(_ paths: GuestPaths) -> String { "file,id=console,path=\(escape(paths.console)),append=on" }

    /// Every format is said, and every backing file is a node: nothing is probed, no name in a header is followed.
    private var disks: [String] {
        // Its files were made before, which refuses a format that is not known.
        let base = (BaseFormat(rawValue: guest.disk.format) ?? .raw).node
        var nodes: [JSON] = [
            ["driver": "file", "node-name": "base-file", "read-only": true, "filename": .string(paths.base)],
            base,
            ["driver": "file", "node-name": "disk-file", "filename": .string(paths.disk), "discard": "unmap"],
            ["driver": "qcow2", "node-name": "disk", "file": "disk-file", "backing": "base", "discard": "unmap"],
        ]
        var devices = ["virtio-blk-pci,id=root,drive=disk,bootindex=1"]
        if !guest.configDrive.isEmpty {
            nodes.append([
                "driver": "file", "node-name": "config-file", "read-only": true, "filename": .string(paths.config),
            ])
            nodes.append(["driver": "raw", "node-name": "config", "read-only": true, "file": "config-file"])
            devices.append("virtio-blk-pci,id=config,drive=config")
        }
        return nodes.flatMap { ["-blockdev", $0.text] } + devices.flatMap { ["-device", $0] }
    }

    private var nics: [String] {
        guest.nics.enumerated().flatMap { place, nic in
            [
                "-netdev",
                "tap,id=net\(place),ifname=\(Self.escape(nic.device)),script=no,downscript=no,vhost=off",
                "-device",
                "virtio-net-pci,id=nic\(place),netdev=net\(place),mac=\(nic.mac.text),host_mtu=\(nic.mtu),romfile=",
            ]
        }
    }

    /// A VNC server that listens nowhere: it gets its clients one by one over QMP, as sockets that are open already.
    /// The card has a place of its own, so that the others keep theirs whether a guest has a screen or not.
    private var screen: [String] { ["-vnc", "none", "-device", "VGA,id=screen,bus=pcie.0,addr=0x1d"] }

    private var rest: [String] {
        ["-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng"]
            + (1...Self.spareSlots).flatMap { ["-device", "pcie-root-port,id=spare\($0),chassis=\($0),slot=\($0)"] }
            + (1...Self.diskSlots).flatMap {
                [
                    "-device",
                    "pcie-root-port,id=\(Self.diskSlot($0)),chassis=\(100 + $0),slot=\(100 + $0),addr=0x1c.\($0 - 1),multifunction=on",
                ]
            }
    }

    /// QEMU splits an option at commas, and takes two for one that is meant.
    private static func escape(_ text: String) -> String {
        // By scalars: a comma that a combining mark follows is one Character, and none that equals ",".
        text.unicodeScalars.reduce(into: "") { $0 += $1 == "," ? ",," : String($1) }
    }
}
