# /// script
# dependencies = ["nonesuch"]
# ///
print("never")
