import sys


def main():
    print("demo", *sys.argv[1:])
