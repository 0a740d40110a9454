"""What a strongSwan that is not Akashi's is told of its tunnel: the tests' peers, and the gateways that benchmarks wire by hand."""

CONNECTION = """\
connections {
  site {
    version = 2
    local_addrs = %(mine)s
    remote_addrs = %(theirs)s
    proposals = aes256gcm16-prfsha384-ecp384
    mobike = no
    local {
      auth = psk
      id = %(mine)s
    }
    remote {
      auth = psk
      id = %(theirs)s
    }
    children {
      site {
        local_ts = %(near)s
        remote_ts = %(far)s
        esp_proposals = aes256gcm16-ecp384
      }
    }
  }
}
secrets {
  ike-1 {
    secret = "%(psk)s"
  }
}
"""


def connection(mine, theirs, near, far, psk):
    """A swanctl.conf: both ends' addresses, the networks behind them as CIDR, and the secret; the child is called `site`."""
    return CONNECTION % {"mine": mine, "theirs": theirs, "near": near, "far": far, "psk": psk}
