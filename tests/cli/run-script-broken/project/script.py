# /// script
# dependencies = ["alpha
# ///
print("never")
